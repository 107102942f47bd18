// SPDX-License-Identifier: MIT
#include "apps/common/finding_json.h"

#include "libfs/base/names.h"
#include "libfs/render/problem_json.h"

namespace btrkit::apps {

namespace {

Json affected_json(const survey::Affected& affected) {
    Json object{{"tree", affected.tree}, {"tree_name", objectid_name_json(affected.tree)}};
    set_text(object, "subvolume", affected.subvolume);
    object["files"] = texts_json("path", affected.paths);
    object["more_files"] = affected.has_more;
    return object;
}

} // namespace

Json texts_json(std::string_view name, const std::vector<std::string>& texts) {
    Json list = Json::array();
    for (const auto& text : texts) {
        Json object;
        set_text(object, name, text);
        list.push_back(std::move(object));
    }
    return list;
}

Json filesystem_json(const btrfs::Superblock* super) {
    if (super == nullptr) {
        return {};
    }
    Json object{{"uuid", uuid_text(super->fsid)}};
    const std::string_view label(super->label.data(), super->label.size());
    set_text(object, "label", label.substr(0, label.find('\0')));
    object["generation"] = u64{super->generation};
    return object;
}

Json finding_json(const survey::Finding& finding) {
    Json object = problem_json(finding.problem);
    Json list = Json::array();
    for (const auto& affected : finding.affected) {
        list.push_back(affected_json(affected));
    }
    object["affected"] = std::move(list);
    object["affected_subvolumes"] = finding.subvolume_count;
    object["more_affected"] = finding.affects_more;
    return object;
}

Json finding_counts_json(const survey::Findings& findings) {
    Json codes = Json::object();
    for (const auto& info : problem_catalogue) {
        if (findings.any(info.code)) {
            codes[std::string(info.id)] = findings.count(info.code);
        }
    }
    return {{"fatal", findings.count(Severity::fatal)},
            {"error", findings.count(Severity::error)},
            {"note", findings.count(Severity::note)},
            {"codes", std::move(codes)}};
}

} // namespace btrkit::apps

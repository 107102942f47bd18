// SPDX-License-Identifier: MIT
#include "apps/check/report_json.h"

#include "apps/common/version.h"
#include "libfs/base/names.h"
#include "libfs/render/problem_json.h"

namespace btrkit::apps {

namespace {

constexpr unsigned document_version = 1;

std::string_view word(Verdict verdict) {
    switch (verdict) {
    case Verdict::clean: return "clean";
    case Verdict::damaged: return "damaged";
    case Verdict::unknown: break;
    }
    return "unknown";
}

std::string_view word(check::Mountable state) {
    switch (state) {
    case check::Mountable::read_write: return "read_write";
    case check::Mountable::read_only: return "read_only";
    case check::Mountable::refused: break;
    }
    return "refused";
}

/// A list of texts that may be no UTF-8: each an object of set_text().
Json texts_json(std::string_view name, const std::vector<std::string>& texts) {
    Json list = Json::array();
    for (const auto& text : texts) {
        Json object;
        set_text(object, name, text);
        list.push_back(std::move(object));
    }
    return list;
}

Json affected_json(const check::Affected& affected) {
    Json object{{"tree", affected.tree}};
    set_text(object, "subvolume", affected.subvolume);
    object["files"] = texts_json("path", affected.paths);
    object["more_files"] = affected.has_more;
    return object;
}

Json finding_json(const check::Finding& finding) {
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

Json counts_json(const check::Findings& findings) {
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

Json qgroups_json(const std::vector<check::QgroupCount>& qgroups) {
    Json list = Json::array();
    for (const auto& group : qgroups) {
        list.push_back({{"level", btrfs::qgroup_level(group.id)},
                        {"id", btrfs::qgroup_number(group.id)},
                        {"referenced", group.referenced_bytes},
                        {"exclusive", group.exclusive_bytes},
                        {"counted_referenced", group.counted_referenced_bytes},
                        {"counted_exclusive", group.counted_exclusive_bytes}});
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

} // namespace

Json check_json(const CheckOutcome& outcome) {
    const auto& report = outcome.report;
    Json document;
    document["__header"] = {{"version", document_version}, {"tool", "btrkit-check " + std::string(version())}};
    document["images"] = texts_json("path", outcome.images);
    document["filesystem"] = filesystem_json(outcome.super);
    document["verdict"] = word(outcome.verdict());
    document["complete"] = outcome.super != nullptr && !report.stopped;
    document["mountable"] = {{"state", word(report.mountability.state)}};
    document["mountable"]["reason"] = report.mountability.reason.empty() ? Json() : Json(report.mountability.reason);
    document["counts"] = counts_json(report.findings);
    Json findings = Json::array();
    for (const auto& finding : report.findings.all()) {
        findings.push_back(finding_json(finding));
    }
    document["findings"] = std::move(findings);
    document["statistics"] = {{"blocks", report.block_count},         {"tree_bytes", report.tree_bytes},
                              {"data_bytes", report.data_bytes},      {"verified_bytes", report.verified_bytes},
                              {"subvolumes", report.subvolume_count}, {"inodes", report.file_count}};
    document["qgroups"] = qgroups_json(report.qgroups);
    return document;
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/check/report.h"

#include "apps/common/document.h"
#include "apps/common/finding_json.h"

namespace btrkit::apps {

namespace {

constexpr Document extents_document{.tool = "btrkit-check", .name = "check-extents"};
constexpr Document check_document{.tool = "btrkit-check", .name = "check"};

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

Json mountability_json(const check::Mountability& mountability) {
    return {{"state", word(mountability.state)},
            {"reason", mountability.reason.empty() ? Json() : Json(mountability.reason)},
            {"kernel", kernel_name(mountability.kernel)},
            {"panics", mountability.panics}};
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

} // namespace

Json check_json(const CheckOutcome& outcome) {
    const auto& report = outcome.report;
    Json document = begin_document(check_document);
    document["images"] = texts_json("path", outcome.images);
    document["filesystem"] = filesystem_json(outcome.super);
    document["missing_devices"] = outcome.missing_devids;
    document["verdict"] = word(outcome.verdict());
    document["complete"] = outcome.super != nullptr && !report.stopped;
    document["mountable"] = mountability_json(report.mountability);
    document["mountable"]["other_kernels"] = Json::array();
    for (const auto& other : report.other_kernels) {
        document["mountable"]["other_kernels"].push_back(mountability_json(other));
    }
    const auto next = next_step(outcome);
    document["next"] = next.empty() ? Json() : Json(next);
    document["counts"] = finding_counts_json(report.findings);
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

std::string extents_json(const check::SubvolExtents& extents) {
    std::string lines = json_line(begin_document(extents_document));
    for (const auto& extent : extents.extents) {
        lines += json_line({{"logical", extent.address},
                            {"length", extent.length_bytes},
                            {"trees", extents.sharers.at(extent.sharers)}});
    }
    return lines + json_line({{"end", {{"extents", extents.extents.size()}}}});
}

} // namespace btrkit::apps

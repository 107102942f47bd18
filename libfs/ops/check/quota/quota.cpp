// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "libfs/ops/check/quota/group_counts.h"

#include <fmt/format.h>

namespace btrkit::check {

namespace {

/// Whether quotas are on and claim to be right; reports why not.
bool claims_to_be_right(Context& context, const QuotaTree& quota, const Place& place) {
    if (!quota.status) {
        context.findings.report(ProblemCode::qgroup_inconsistent, place, "there is no status item");
        return false;
    }
    const auto& status = *quota.status;
    if (!status.has(btrfs::qgroup_status_on)) {
        return false;
    }
    bool is_right = true;
    if (status.version != 1) {
        context.findings.report(ProblemCode::not_checked, place,
                                fmt::format("quota groups of version {}, which is not known", status.version));
        is_right = false;
    }
    if (status.has(btrfs::qgroup_status_rescan)) {
        context.findings.report(ProblemCode::qgroup_rescan, place, {});
        is_right = false;
    }
    if (status.has(btrfs::qgroup_status_inconsistent)) {
        context.findings.report(ProblemCode::qgroup_inconsistent, place, {});
        is_right = false;
    } else if (!status.is_simple() && status.generation != context.geometry().generation) {
        // Another kernel, or one without quotas, has written since: the next mount marks them.
        context.findings.report(ProblemCode::qgroup_inconsistent, place,
                                fmt::format("they are of generation {}, the filesystem of {}", status.generation,
                                            context.geometry().generation));
        is_right = false;
    }
    return is_right;
}

/// Compares what a group counts with what it should.
void check_counts(Context& context, const QgroupCount& count, const QuotaGroup& group, bool is_simple) {
    const auto report = [&](std::string_view what, u64 stored, u64 counted) {
        if (stored != counted) {
            context.findings.report(ProblemCode::qgroup_count, group.place,
                                    fmt::format("{}: {} {}, counted {}", qgroup_text(count.id), what, stored, counted));
        }
    };
    report("referenced", count.referenced_bytes, count.counted_referenced_bytes);
    report("exclusive", count.exclusive_bytes, count.counted_exclusive_bytes);
    if (!is_simple) { // kernels keep the same numbers there; simple quotas leave them alone
        report("referenced compressed", group.info->rfer_cmpr, count.counted_referenced_bytes);
        report("exclusive compressed", group.info->excl_cmpr, count.counted_exclusive_bytes);
    }
}

GroupCounts count_groups(Context& context, const QuotaTree& quota) {
    return quota.status->is_simple() ? count_simple(context, quota) : count_full(context, quota);
}

} // namespace

std::vector<QgroupCount> check_quota(Context& context) {
    const auto* record = context.roots.find(btrfs::quota_tree_id);
    if (record == nullptr) {
        return {};
    }
    const auto quota = read_quota_tree(context, record->root);
    check_quota_groups(context, quota);
    const bool is_right = quota.is_whole && claims_to_be_right(context, quota, record->place);
    const bool is_wanted = is_right || (context.options.qgroups_only && quota.status);
    const auto counts = is_wanted ? count_groups(context, quota) : std::nullopt;
    std::vector<QgroupCount> groups;
    for (const auto& [id, group] : quota.groups) {
        if (!group.info) {
            continue;
        }
        QgroupCount count{.id = id, .referenced_bytes = group.info->rfer, .exclusive_bytes = group.info->excl};
        if (counts) {
            count.counted_referenced_bytes = counts->at(id).referenced;
            count.counted_exclusive_bytes = counts->at(id).exclusive;
        }
        if (counts && is_right) {
            check_counts(context, count, group, quota.status->is_simple());
        }
        groups.push_back(count);
    }
    return groups;
}

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
#include "libfs/ops/check/quota/quota_tree.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/survey/scan/tree_scan.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

constexpr Place place_of(const btrfs::Key& key) {
    return {.tree = btrfs::quota_tree_id, .key = key};
}

class Reader {
public:
    explicit Reader(Findings& findings) : findings_(findings) {}

    void accept(const btrfs::Key& key, Bytes body, const Place& place) {
        switch (key.type) {
        case type::qgroup_status: return accept_status(body);
        case type::qgroup_relation: tree_.relations.emplace(key.objectid, key.offset); return;
        case type::qgroup_info:
            if (const auto* info = view_at<btrfs::QgroupInfoItem>(body)) {
                auto& group = tree_.groups[key.offset];
                group.info = *info;
                group.place = place;
            }
            return;
        case type::qgroup_limit: {
            const auto [group, is_new] = tree_.groups.try_emplace(key.offset);
            group->second.has_limit = true;
            if (is_new) {
                group->second.place = place;
            }
            return;
        }
        default:
            if (btrfs::find_item_type(key.type) != nullptr) {
                findings_.report(ProblemCode::item_misplaced, place, "the quota tree has no such items");
            }
        }
    }

    QuotaTree tree_;

private:
    void accept_status(Bytes body) {
        const auto* item = view_at<btrfs::QgroupStatusItem>(body);
        const auto* tail = view_at<btrfs::QgroupStatusTail>(body, sizeof(btrfs::QgroupStatusItem));
        if (item != nullptr) {
            tree_.status = QuotaStatus{.version = item->version,
                                       .generation = item->generation,
                                       .flags = item->flags,
                                       .enable_generation = tail == nullptr ? 0 : u64{tail->enable_gen}};
        }
    }

    Findings& findings_;
};

/// Simple quotas: what a subvolume has allocated counts for it as long as anybody has it, and its group stays until
/// then.
bool outlives_subvolume(const QuotaTree& quota, const QuotaGroup& group) {
    return quota.status && quota.status->is_simple() && group.info && group.info->rfer != 0;
}

void check_group(Context& context, const QuotaTree& quota, u64 id, const QuotaGroup& group) {
    if (!group.info || !group.has_limit) {
        context.findings.report(ProblemCode::qgroup_missing, group.place,
                                fmt::format("{} has no {} item", qgroup_text(id), group.info ? "limit" : "info"));
    }
    const bool is_of_subvolume = btrfs::qgroup_level(id) == 0;
    if (is_of_subvolume && context.roots.complete && context.roots.find(id) == nullptr &&
        !outlives_subvolume(quota, group)) {
        context.findings.report(ProblemCode::qgroup_stale, group.place, qgroup_text(id));
    }
}

/// one, other: as they stand in a relation's key.
void check_relation(Context& context, const QuotaTree& quota, u64 one, u64 other) {
    const auto report = [&](const std::string& detail) {
        const auto [member, group] = std::minmax(one, other);
        context.findings.report(ProblemCode::qgroup_relation, place_of({one, type::qgroup_relation, other}),
                                fmt::format("of {} in {}: {}", qgroup_text(member), qgroup_text(group), detail));
    };
    const bool has_twin = quota.relations.contains({other, one});
    if (!has_twin) {
        report("the other direction is missing");
    }
    if (has_twin && one > other) {
        return; // the rest has been told
    }
    if (btrfs::qgroup_level(one) == btrfs::qgroup_level(other)) {
        report("both are of one level");
    }
    for (const u64 id : {one, other}) {
        if (!quota.groups.contains(id)) {
            report("there is no " + qgroup_text(id));
        }
    }
}

} // namespace

std::string qgroup_text(u64 id) {
    return fmt::format("{}/{}", btrfs::qgroup_level(id), btrfs::qgroup_number(id));
}

QuotaTree read_quota_tree(Context& context, const TreeRoot& root) {
    Reader reader(context.findings);
    reader.tree_.is_whole = scan_items(
        context, root, [&](const btrfs::Key& key, Bytes body, const Place& place) { reader.accept(key, body, place); });
    return std::move(reader.tree_);
}

void check_quota_groups(Context& context, const QuotaTree& quota) {
    if (!quota.is_whole) {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::quota_tree_id},
                                "whether quota groups are complete: part of the quota tree is lost");
        return;
    }
    for (const auto& [id, group] : quota.groups) {
        check_group(context, quota, id, group);
    }
    for (const auto& [one, other] : quota.relations) {
        check_relation(context, quota, one, other);
    }
    for (const auto& record : context.roots.records) {
        if (record.is_subvolume() && !record.is_dropping() && !quota.groups.contains(record.id())) {
            context.findings.report(ProblemCode::qgroup_missing, place_of({0, type::qgroup_info, record.id()}),
                                    "subvolume " + objectid_text(record.id()));
        }
    }
}

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
#include "libfs/ops/check/quota/group_counts.h"

#include <algorithm>

namespace btrkit::check {

using namespace survey;

namespace {

/// What one part of the sets costs, hash table and all.
constexpr std::size_t bytes_a_part = 96;

/// All that have a tree or a group.
std::vector<u64> all_subvolumes(const Roots& roots, const QuotaTree& quota) {
    std::set<u64> ids;
    for (const auto& record : roots.records) {
        if (record.is_subvolume()) {
            ids.insert(record.id());
        }
    }
    for (const auto& [id, group] : quota.groups) {
        if (btrfs::qgroup_level(id) == 0) {
            ids.insert(id);
        }
    }
    return {ids.begin(), ids.end()};
}

} // namespace

GroupMembers::GroupMembers(const Context& context, const QuotaTree& quota)
    : subvolumes_(all_subvolumes(context.roots, quota)),
      sets_(static_cast<u32>(subvolumes_.size()), context.run.memory_bytes / 4 / bytes_a_part) {
    for (const auto& record : context.roots.records) {
        if (record.is_subvolume()) {
            roots_.push_back({.record = &record, .number = *number_of(record.id())});
        }
    }
    for (u32 number = 0; number < subvolumes_.size(); ++number) {
        groups_[subvolumes_[number]] = sets_.single(number);
    }
    // Groups have greater ids than their members: what a member has is known by the time that it is handed on.
    for (const auto& [member, group] : quota.relations) {
        if (member < group) {
            auto& set = groups_[group];
            set = sets_.unite(set, of_group(member));
        }
    }
}

std::optional<u32> GroupMembers::number_of(u64 subvolume) const {
    const auto at = std::ranges::lower_bound(subvolumes_, subvolume);
    return at != subvolumes_.end() && *at == subvolume ? std::optional(static_cast<u32>(at - subvolumes_.begin()))
                                                       : std::nullopt;
}

RootSets::Id GroupMembers::of_group(u64 id) const {
    const auto found = groups_.find(id);
    return found == groups_.end() ? RootSets::empty : found->second;
}

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// What quota groups should count.
#pragma once

#include "libfs/ops/check/quota/quota_tree.h"
#include "libfs/survey/sharing/tree_sharing.h"

namespace btrkit::check {

struct CountedBytes {
    u64 referenced = 0;
    u64 exclusive = 0;
};

/// By group. Nothing where the numbers can't be had; then a finding says why.
using GroupCounts = std::optional<std::map<u64, CountedBytes>>;

/// Full quotas: of a subvolume, all that it reaches, and what no other subvolume reaches; of a higher group, all that
/// its members reach, and what no subvolume outside the group reaches.
GroupCounts count_full(Context& context, const QuotaTree& quota);

/// Simple quotas: an extent counts for the subvolume that it was first written for, if that was since they were
/// enabled; of a higher group, what counts for its members.
GroupCounts count_simple(Context& context, const QuotaTree& quota);

/// Which subvolumes belong, over any number of steps, to which group.
class GroupMembers {
public:
    GroupMembers(const Context& context, const QuotaTree& quota);

    survey::RootSets& sets() { return sets_; }
    const survey::RootSets& sets() const { return sets_; }
    /// Those that there are, with their numbers in the sets.
    std::span<const survey::NumberedRoot> roots() const { return roots_; }
    /// The subvolume (or the number of a group of a deleted one) with that number in the sets.
    u64 subvolume(u32 number) const { return subvolumes_[number]; }
    std::optional<u32> number_of(u64 subvolume) const;
    survey::RootSets::Id of_group(u64 id) const;

private:
    std::vector<u64> subvolumes_; ///< ascending
    survey::RootSets sets_;
    std::vector<survey::NumberedRoot> roots_;
    std::map<u64, survey::RootSets::Id> groups_;
};

} // namespace btrkit::check

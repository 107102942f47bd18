// SPDX-License-Identifier: MIT
#include "libfs/ops/check/quota/group_counts.h"

namespace btrkit::check {

using namespace survey;

namespace {

/// Bytes by set of subvolumes, asked by group.
class SetSums {
public:
    SetSums(const GroupMembers& members, const RootSets& sets, std::vector<u64> bytes)
        : members_(members), sets_(sets), bytes_(std::move(bytes)), referenced_(sets.sum_by_root(bytes_)) {
        bytes_.resize(sets.part_count());
        const auto member_counts = sets.member_counts();
        std::vector<u64> alone = bytes_;
        for (std::size_t id = 0; id < alone.size(); ++id) {
            alone[id] = member_counts[id] == 1 ? alone[id] : 0;
        }
        exclusive_ = sets.sum_by_root(std::move(alone));
    }

    CountedBytes of_group(u64 id) {
        if (btrfs::qgroup_level(id) == 0) {
            const auto number = members_.number_of(id);
            return number ? CountedBytes{.referenced = referenced_[*number], .exclusive = exclusive_[*number]}
                          : CountedBytes{};
        }
        const auto [known, is_new] = of_sets_.try_emplace(members_.of_group(id));
        if (is_new) {
            known->second = of_set(known->first);
        }
        return known->second;
    }

private:
    CountedBytes of_set(RootSets::Id set) const {
        const auto comparison = sets_.compare_all(set);
        CountedBytes sum;
        for (std::size_t id = 0; id < bytes_.size(); ++id) {
            sum.referenced += comparison.meets[id] ? bytes_[id] : 0;
            sum.exclusive += comparison.within[id] ? bytes_[id] : 0;
        }
        return sum;
    }

    const GroupMembers& members_;
    const RootSets& sets_;
    std::vector<u64> bytes_;      ///< by set
    std::vector<u64> referenced_; ///< by number of the subvolume
    std::vector<u64> exclusive_;
    std::map<RootSets::Id, CountedBytes> of_sets_;
};

} // namespace

GroupCounts count_full(Context& context, const QuotaTree& quota) {
    GroupMembers members(context, quota);
    auto sharing = measure_sharing(context, members.roots(), members.sets(), {});
    if (!sharing.gap.empty()) {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::quota_tree_id},
                                "numbers of quota groups: " + sharing.gap);
        return std::nullopt;
    }
    SetSums sums(members, members.sets(), std::move(sharing.bytes));
    std::map<u64, CountedBytes> counts;
    for (const auto& [id, group] : quota.groups) {
        counts[id] = sums.of_group(id);
    }
    return counts;
}

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// What each subvolume has, and all of them together.
#pragma once

#include "libfs/ops/usage/files/account.h"
#include "libfs/ops/usage/files/file_trees.h"
#include "libfs/ops/usage/files/files.h"
#include "libfs/ops/usage/files/shared_lengths.h"
#include "libfs/ops/usage/files/stretch.h"
#include "libfs/ops/usage/files/worst_files.h"

namespace btrkit::usage {

/// Sums that hold for all members of a set are kept once a set, and given to its members at the end: so it costs the
/// same however many snapshots share a file.
class SubvolumeAccount final : public Account {
public:
    /// All outlive it.
    SubvolumeAccount(const FileTrees& trees, TreeSets& sets, WorstFiles& most_fragmented);

    void accept(const survey::ScanStep& step, std::span<const FilePart> parts) override;
    void accept(const ExtentGroup& extent) override;

    /// By the numbers of the trees.
    std::vector<FileUse> of_trees();
    /// Of all that are not deleted.
    FileUse of_all();

private:
    /// Of extents: by the set of all trees that have them. Of references: by the set of trees that have the reference.
    struct SetUse {
        u64 extent_count = 0;
        u64 wasted_bytes = 0;
        u64 disk_bytes = 0;
        u64 ref_count = 0;
        u64 total_bytes = 0;
        u64 shared_bytes = 0; ///< of total_bytes
        KindUses kinds = {};
    };

    SetUse& use_of(survey::RootSets::Id set);
    bool has_live(survey::RootSets::Id set);
    void count_set_shared(const ExtentGroup& extent);
    void add(const Stretch& stretch);
    void finish_tree(u32 number);
    SettleFile settler(bool is_first);

    const FileTrees& trees_;
    TreeSets& sets_;
    WorstFiles& most_fragmented_;

    std::vector<Stretch> path_; ///< from the root of the tree down to where the walk is
    std::unordered_map<u64, Stretch> kept_;
    u32 root_ = 0;
    std::vector<FileSums> sums_; ///< by tree

    std::vector<SetUse> uses_; ///< by set
    SharedLengths set_shared_;
    UnionLength all_shared_;
    std::unordered_map<survey::RootSets::Id, bool> has_live_; ///< of sets: any that is not deleted
};

} // namespace btrkit::usage

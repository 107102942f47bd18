// SPDX-License-Identifier: MIT
// What the files below some paths have, path by path, and all of them together.
#pragma once

#include "libfs/ops/usage/files/account.h"
#include "libfs/ops/usage/files/asked_files.h"
#include "libfs/ops/usage/files/shared_lengths.h"

namespace btrkit::usage {

class PathAccount final : public Account {
public:
    /// All outlive it. The last of the paths' uses is of all together.
    PathAccount(const AskedFiles& asked, std::size_t path_count, TreeSets& sets, WorstFiles& most_fragmented);

    void accept(const survey::ScanStep& step, std::span<const FilePart> parts) override;
    void accept(const ExtentGroup& extent) override;
    /// The leaf that comes next is reached by these trees.
    void enter_leaf(survey::RootSets::Id roots) { leaf_roots_ = roots; }

    struct LineUse {
        u64 total_bytes = 0;
        u64 shared_bytes = 0; ///< of them
    };
    /// When all was accepted.
    std::vector<FileUse> of_paths();
    FileUse of_all();
    const std::vector<LineUse>& of_lines() const { return lines_; }

private:
    /// A file's part from one leaf: all parts of a file are put together at the end, whatever order they came in.
    struct LeafPart {
        FileId file;
        FilePart part;
    };

    /// Of a set of trees: how many they are, and those of which something was asked for.
    struct AskedTrees {
        u64 count = 0;
        std::vector<u32> asked;
    };

    const AskedTrees& asked_trees(survey::RootSets::Id set);
    template <class Visit>
    void for_each_asked(survey::RootSets::Id roots, u64 inode, Visit&& visit);
    void count_file(const FileId& file, const FilePart& part);
    void put_parts_together();

    const AskedFiles& asked_;
    TreeSets& sets_;
    WorstFiles& most_fragmented_;
    survey::RootSets::Id leaf_roots_ = survey::RootSets::empty;

    std::unordered_map<survey::RootSets::Id, AskedTrees> asked_trees_; ///< of the sets that were seen lately
    std::vector<LeafPart> parts_;
    std::vector<FileUse> uses_; ///< by path; behind them of all together
    std::vector<UnionLength> set_shared_;
    std::vector<LineUse> lines_;
    std::vector<u64> referrers_; ///< of the extent in hand, by path; behind them of all together
};

} // namespace btrkit::usage

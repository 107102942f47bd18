// SPDX-License-Identifier: MIT
// How long the union of shared ranges is, for each of many trees at once.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/ops/usage/files/file_trees.h"

namespace btrkit::usage {

/// The length of a union of ranges, for ranges that come in the order of their beginnings.
class UnionLength {
public:
    void add(Range range) {
        if (range.end > reached_) {
            bytes_ += range.end - std::max(range.start, reached_);
            reached_ = range.end;
        }
    }
    u64 bytes() const { return bytes_; }

private:
    u64 reached_ = 0;
    u64 bytes_ = 0;
};

/// Takes ranges, each with the set of trees that have it, in the order of their beginnings. Ranges of one set that
/// touch nothing of another are counted once for the whole set; only where ranges of different sets overlap each tree
/// is looked at by itself.
class SharedLengths {
public:
    SharedLengths(u32 tree_count, TreeSets& sets) : sets_(sets), of_trees_(tree_count) {}

    void add(Range range, survey::RootSets::Id set);
    /// By tree, when all were added.
    std::vector<u64> bytes();

private:
    /// Ranges that lie together, all of one set.
    struct Run {
        Range range = {};
        survey::RootSets::Id set = survey::RootSets::empty;
    };

    void flush();
    void add_to_members(const Run& run);

    TreeSets& sets_;
    Run run_;
    u64 mixed_end_ = 0; ///< up to there ranges of several sets overlap, and trees are counted one by one
    std::vector<u64> bytes_of_set_;
    std::vector<UnionLength> of_trees_;
};

} // namespace btrkit::usage

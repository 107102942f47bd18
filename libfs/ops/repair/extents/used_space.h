// SPDX-License-Identifier: MIT
// What the trees have of all space, found without the extent tree: every block that can be reached from the roots, and
// all data that their leaves refer to.
//
// It also tells how what a block points to is referred to (docs/format.md 8), which the extent tree would say: a block
// that its owner's tree still reaches refers by root, any other in full, and so does what a balance has moved.
// Subvolumes are gone through by their numbers: a snapshot has a higher number than what it is a copy of, so whoever
// owns a block comes to it first.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/survey/scan/block_scan.h"

#include <map>
#include <set>

namespace btrkit::repair {

struct UsedSpace {
    RangeSet blocks;
    RangeSet data;
    /// How many references lead to what begins in a granule of addresses, by the granule's number.
    std::map<u64, u64> references;
};

/// So many addresses are one granule of UsedSpace::references.
inline constexpr u64 granule_bytes = u64{16} << 20;

/// The trees that share no blocks, and those that hold files, but for those that are left out.
struct WalkedTrees {
    std::vector<survey::ScanRoot> alone;
    std::vector<survey::ScanRoot> files;
};
WalkedTrees walked_trees(const survey::Survey& survey, const std::set<u64>& left_out);

/// The survey's roots must be known; its full_backref is filled. Fails with damaged where any block of these trees is
/// lost, or one belongs to two that share none; with cancelled.
Result<UsedSpace> find_used_space(survey::Survey& survey, const WalkedTrees& trees);

/// The blocks of a tree that can still be read.
RangeSet readable_blocks(survey::Survey& survey, const TreeRoot& tree);

} // namespace btrkit::repair

// SPDX-License-Identifier: MIT
// In how many pieces files lie, and are going to lie.
#pragma once

#include "libfs/ops/defragment/uses.h"
#include "libfs/relocate/extent_layout.h"

namespace btrkit::defragment {

struct FileFragments {
    u64 subvolume = 0; ///< of those that share the file the one that comes first
    u64 inode = 0;
    std::string path = {}; ///< from the top of the filesystem; empty where none is found
    u64 bytes = 0;         ///< that extents show of it
    u64 before = 0;        ///< pieces
    u64 after = 0;
};

/// Of files that don't lie in one piece, the most fragmented first, and of those that don't get better last.
std::vector<FileFragments> count_fragments(const Filesystem& filesystem, const DataExtents& extents, const Uses& uses,
                                           const ExtentLayout& layout, std::size_t most_files);

} // namespace btrkit::defragment

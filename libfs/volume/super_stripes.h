// SPDX-License-Identifier: MIT
// Where superblock mirrors lie inside chunks: logical addresses that nothing may be allocated at.
#pragma once

#include "libfs/volume/chunk_map.h"

#include <vector>

namespace btrkit {

/// Bytes [start, start + length) of the filesystem's own space.
struct LogicalRange {
    Logical start;
    u64 length = 0;

    Logical end() const { return start + length; }
    friend bool operator==(const LogicalRange&, const LogicalRange&) = default;
};

/// The ranges of a chunk that share a 64 KiB stripe with a superblock mirror on any of its devices, sorted and
/// disjoint, cut at the chunk's end. In raid5 and raid6 it is the whole row. The kernel keeps the same ranges out of
/// its free space.
std::vector<LogicalRange> super_stripes(const Chunk& chunk);

} // namespace btrkit

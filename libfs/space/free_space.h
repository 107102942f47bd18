// SPDX-License-Identifier: MIT
// What is free in a block group: one computation for those who give it out and for those who check what is recorded.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/volume/super_stripes.h"

namespace btrkit {

inline Range range_of(const Chunk& chunk) {
    return {chunk.start.bytenr, chunk.start.bytenr + chunk.length};
}
inline Range range_of(const LogicalRange& range) {
    return {range.start.bytenr, range.end().bytenr};
}

/// Where superblocks lie in a block group. Nothing is ever allocated there. Whether it is recorded as free is left to
/// the writer: the kernel does, mkfs may not; who compares leaves it out on both sides.
RangeSet superblock_ranges(const Chunk& chunk);

/// What can be allocated in a block group: what no extent has, without superblock stripes. allocated: what extents
/// have, of the whole filesystem or of the group. A remapped group has nothing: what was moved elsewhere is not free
/// again before the whole group is.
RangeSet free_ranges(const Chunk& chunk, const RangeSet& allocated);

} // namespace btrkit

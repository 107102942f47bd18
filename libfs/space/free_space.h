// SPDX-License-Identifier: MIT
// What is free in a block group: one computation for those who give it out and for those who check what is recorded.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/volume/super_stripes.h"

namespace btrkit {

inline Range range_of(const Chunk& chunk) {
    return {chunk.start.bytenr, chunk.start.bytenr + chunk.length};
}

/// What can be allocated in a block group: what no extent has, without superblock stripes. allocated: what extents
/// have, of the whole filesystem or of the group. A remapped group has nothing: what was moved elsewhere is not free
/// again before the whole group is. Whether the superblock stripes are recorded as free is left to the writer (the
/// kernel does, mkfs may not): who compares leaves them out on both sides.
RangeSet free_ranges(const Chunk& chunk, const RangeSet& allocated);

} // namespace btrkit

// SPDX-License-Identifier: MIT
// What is free in a block group, and how what is recorded of it differs.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

inline Range range_of(const Chunk& chunk) {
    return {chunk.start.bytenr, chunk.start.bytenr + chunk.length};
}

/// Where superblocks lie in a block group. Nothing is allocated there; whether it is recorded as free is left to
/// the writer: the kernel does, mkfs may not.
RangeSet superblock_ranges(const Chunk& chunk);

struct FreeSpaceDifference {
    RangeSet missing; ///< free, but not recorded as free
    RangeSet used;    ///< recorded as free, but used
};

/// recorded lies inside the block group.
FreeSpaceDifference compare_free_space(const Context& context, const Chunk& chunk, const RangeSet& recorded);

// The two kinds of records.
void check_free_space_tree(Context& context);
void check_space_caches(Context& context);

} // namespace btrkit::check

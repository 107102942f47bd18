// SPDX-License-Identifier: MIT
// What is free in a block group, and how what is recorded of it differs.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

inline Range range_of(const Chunk& chunk) {
    return {chunk.start.bytenr, chunk.start.bytenr + chunk.length};
}

struct FreeSpaceDifference {
    RangeSet missing; ///< free, but not recorded as free
    RangeSet used;    ///< recorded as free, but used
};

/// recorded lies inside the block group. Where superblocks lie, nothing is allocated; whether that is recorded as free
/// is left to the writer: the kernel does, mkfs may not.
FreeSpaceDifference compare_free_space(const Context& context, const Chunk& chunk, const RangeSet& recorded);

// The two kinds of records.
void check_free_space_tree(Context& context);
void check_space_caches(Context& context);

} // namespace btrkit::check

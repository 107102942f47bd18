// SPDX-License-Identifier: MIT
// How what is recorded as free in a block group differs from what is.
#pragma once

#include "libfs/ops/check/context.h"
#include "libfs/space/free_space.h"

namespace btrkit::check {

struct FreeSpaceDifference {
    RangeSet missing; ///< free, but not recorded as free
    RangeSet used;    ///< recorded as free, but used
};

/// recorded lies inside the block group. Superblock stripes may be recorded as free or not.
FreeSpaceDifference compare_free_space(const Context& context, const Chunk& chunk, const RangeSet& recorded);

// The two kinds of records.
void check_free_space_tree(Context& context);
void check_space_caches(Context& context);

} // namespace btrkit::check

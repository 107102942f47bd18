// SPDX-License-Identifier: MIT
// Where a tree block leads to.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/tree/block_view.h"

#include <vector>

namespace btrkit::dump_image {

struct BlockLinks {
    std::vector<u64> blocks;   ///< addresses of children, and of roots of trees
    std::vector<Range> caches; ///< of the old free space caches: what checkers read beside trees
};

/// Adds what a block says, whatever it is. What one that is not sound calls a cache may be anybody's data.
void add_links(const BlockView& block, bool is_sound, BlockLinks& links);

} // namespace btrkit::dump_image

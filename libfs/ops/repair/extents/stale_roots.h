// SPDX-License-Identifier: MIT
// Whether a root item lags behind its tree: kernels of 2014 forgot to write some down. What such a root leads to can be
// read and is whole, but it is not what the filesystem was: to make the extent tree anew from it would throw the newer
// blocks away.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/survey/survey.h"

#include <set>

namespace btrkit::repair {

struct StaleRoot {
    u64 tree = 0;
    u64 generation = 0; ///< that the root item says
    Logical newer;      ///< a block of the tree that the old extent tree has, and that can be read
    u64 newer_generation = 0;
};

/// Looks at the blocks that the old extent tree has and nobody refers to. The survey's roots must be known. settled:
/// trees whose roots were looked for. Nothing where each is of such a tree, is older than the root of its tree, or
/// can't be read.
std::optional<StaleRoot> find_stale_root(survey::Survey& survey, const TreeRoot& old_extents,
                                         const RangeSet& used_blocks, const std::set<u64>& settled);

} // namespace btrkit::repair

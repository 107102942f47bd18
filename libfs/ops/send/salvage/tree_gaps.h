// SPDX-License-Identifier: MIT
// All leaves of a tree that can be read, and the keys of what can't.
#pragma once

#include "libfs/base/key_range.h"
#include "libfs/tree/block_cache.h"

#include <functional>

namespace btrkit::send {

/// Reads the whole tree in key order, through the cache.
/// leaf: told of each leaf. gap: told of the keys that stood in a block which no copy is good of, or below it.
void walk_past_gaps(BlockCache& cache, const Promise& root, const std::function<void(const TreeBlock&)>& leaf,
                    const std::function<void(const KeyRange&)>& gap);

} // namespace btrkit::send

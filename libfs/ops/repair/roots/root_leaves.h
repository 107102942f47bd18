// SPDX-License-Identifier: MIT
// Leaves of the root tree of which nothing is left, made of roots that are found: one item for each tree that there
// must be. Others, and what directories say of subvolumes, come behind that (root_items.h).
#pragma once

#include "libfs/ops/repair/blocks/mend_block.h"
#include "libfs/ops/repair/lost/lost_blocks.h"
#include "libfs/ops/repair/roots/found_roots.h"

namespace btrkit::repair {

/// Those of the lost blocks that are leaves of the root tree, as far as any root is found that belongs there. Not of
/// checksums: old ones would call good data bad.
std::vector<MendedBlock> leaves_of_found_roots(const Filesystem& filesystem, const FoundRoots& found,
                                               std::span<const LostBlock> lost);

/// Whether one of the lost blocks is such a leaf.
bool has_root_leaf(std::span<const LostBlock> lost);

} // namespace btrkit::repair

// SPDX-License-Identifier: MIT
// What the kernel's tree-checker proves of every item (facts/formats.md part 2), as findings instead of refusals.
#pragma once

#include "libfs/tree/tree_block.h"

namespace btrkit {

/// Everything that is impossible about the items of a leaf, in slot order; each with slot and key. tree is the tree
/// that the leaf was reached through, for the places. Only meaningful for leaves that were written (header flag
/// WRITTEN), as in the kernel; others yield nothing.
void check_items(const TreeBlock& leaf, const Geometry& geometry, u64 tree, Problems& problems);

} // namespace btrkit

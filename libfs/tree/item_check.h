// SPDX-License-Identifier: MIT
// What the kernel's tree-checker proves of every item (docs/format.md 4.4), as findings instead of refusals.
#pragma once

#include "libfs/tree/tree_block.h"

namespace btrkit {

/// Everything that is impossible about the items of a leaf, in slot order; each with slot and key. tree is the tree
/// that the leaf was reached through, for the places; the rules are those of the leaf's owner. A block without the flag
/// WRITTEN is one finding (the kernel refuses it, the peer leaves its items alone). Of a node nothing else is said.
void check_items(const TreeBlock& block, const Geometry& geometry, u64 tree, Problems& problems);

} // namespace btrkit

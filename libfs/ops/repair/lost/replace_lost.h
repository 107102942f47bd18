// SPDX-License-Identifier: MIT
// What stands in the place of blocks that are lost for good: what is left of them, or nothing.
//
//  1. A node is joined from those of its children that are known.
//  2. A leaf is made from what is left of its items (salvage_leaf.h).
//  3. Of others, the first leaf of a subvolume becomes one with an empty top directory, and a root of which no child is
//     known an empty leaf; all others go.
//  4. Nodes above follow (relink.h).
#pragma once

#include "libfs/ops/repair/lost/new_block.h"
#include "libfs/ops/repair/repair_table.h"

namespace btrkit::repair {

/// Trees that hold files, the checksum tree, and the root tree: root items that are behind their trees then are put
/// right (roots/root_items.h).
bool may_be_replaced(u64 tree);

/// Only blocks of these. Where the grade is guessed, only those of which
/// something is left; with lossy all, but for nodes below the root of which no child is known and that are the first of
/// their tree.
/// Fails as find_older_leaves().
Result<std::vector<MendedBlock>> replace_lost(const Filesystem& filesystem, std::span<const LostBlock> lost,
                                              Grade grade, const RunContext& context);

} // namespace btrkit::repair

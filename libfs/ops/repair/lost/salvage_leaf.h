// SPDX-License-Identifier: MIT
// A leaf that is lost, made from what is left of its items: in the block itself, of which no copy is good, or in an
// older version of it that stands elsewhere. Nothing proves that an item is what it was last.
//
//  1. Take the copies of the block; if nothing is left of them, older versions (older_leaves.h), newest first, each
//     where the ones before it have nothing.
//  2. Of each, keep the items that stand where they can stand, under keys that the leaf can have, and to which nothing
//     can be objected.
//  3. A file's extent is kept only where the extent tree has such an extent, of that generation or of that file: else
//     others may have its place by now.
#pragma once

#include "libfs/ops/repair/lost/new_block.h"

namespace btrkit::repair {

/// Nothing where no item is left. The first key may be another one than was promised. older: blocks at other addresses.
std::optional<MendedBlock> salvage_leaf(const Filesystem& filesystem, const BlockMaker& maker, const LostBlock& lost,
                                        std::span<const Logical> older);

} // namespace btrkit::repair

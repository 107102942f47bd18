// SPDX-License-Identifier: MIT
// The last thing that happens to a new tree block before it is written, whoever made it.
#pragma once

#include "libfs/tree/tree_builder.h"

namespace btrkit {

/// What becomes of a block with impossible items.
enum class BadItems : u8 {
    refused,
    kept, ///< where a filesystem with such items is repaired: not each of them can be mended
};

/// Puts the checksum into a whole block, and proves the block as a reader would, its items too. Such a block must not
/// be written where there is anything to find. Fails with bug where the block is not well-formed, and with damaged
/// where an item is impossible: it may come from a damaged filesystem.
Result<void> seal_block(const BuiltBlock& block, MutableBytes bytes, const Geometry& geometry,
                        BadItems bad_items = BadItems::refused);

} // namespace btrkit

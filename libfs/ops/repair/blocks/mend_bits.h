// SPDX-License-Identifier: MIT
// Blocks of which single bits were flipped before they were written.
#pragma once

#include "libfs/ops/repair/blocks/block_proof.h"

namespace btrkit::repair {

/// The block where one bit of its header, or of what it tells of its items, was flipped, and no other bit explains it.
std::optional<Block> with_bit_mended(const BlockProof& proof, Block block);

/// A well-formed leaf with one bit less wrong in each item that can't be, where no other bit of that item explains it,
/// and with the lengths of inline data that follow from the rest. Items that nothing mends stay as they are. Nothing
/// where that is all of them.
std::optional<Block> with_items_mended(const BlockProof& proof, Block leaf);

} // namespace btrkit::repair

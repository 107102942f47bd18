// SPDX-License-Identifier: MIT
// Keys that follow from the items that stand under them: one that does not is what is wrong, where the leaf is sound
// with the one that does.
#pragma once

#include "libfs/ops/repair/blocks/block_proof.h"
#include "libfs/volume/volume.h"

namespace btrkit::repair {

/// The key of a directory entry or an extended attribute has the hash of its name. The leaf where one of them has not;
/// nothing where several have not, or none.
std::optional<Block> with_right_hash(Block leaf);

/// Chunks and devices have keys that say what they are. The leaf of the chunk tree where one of them has another;
/// nothing where several have, or none. The item of a device that the volume has not says nothing of its key.
std::optional<Block> with_right_chunk_key(Block leaf, const Volume& volume);

} // namespace btrkit::repair

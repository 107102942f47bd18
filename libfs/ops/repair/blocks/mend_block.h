// SPDX-License-Identifier: MIT
// A tree block that no reader takes, of which one value is wrong, and what that must be follows from all others. Mostly
// its checksum is right: what was written was wrong already, as after a bit flip in memory or by a bug.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/ops/repair/blocks/block_proof.h"
#include "libfs/ops/repair/repair_table.h"

namespace btrkit::repair {

struct MendedBlock {
    Logical address;
    std::vector<std::byte> bytes; ///< checksum and all
    std::string what;             ///< was wrong, as in "... was wrong"
    Grade grade = Grade::proven;
};

/// Of a block that was promised so and is not that, or holds items that can't be. owner: whose it is, where something
/// else than the block says so. It becomes what was promised, with items to which nothing can be objected, by changing
///
///   taking a copy of it to which nothing can be objected, where others are not like it; else
///   the key of one item of the chunk tree, where that can be but one; else
///   one bit, where its checksum is wrong and is right with that; else
///   one field of its header that must have one certain value, or the hash of a name in the key of one item, or
///   the places of the items' data, which lie one behind the other in the order of their sizes, or the size of one,
///   or both; else
///   one bit of its header or of the items' headers, or one bit of each item that can't be, if no other bit does.
///
/// Items that no one bit mends stay as they are beside others. Nothing where that is not enough, or where two ways lead
/// to different blocks. A block of an older generation than promised is none of that: it is whole, and what was written
/// over it was lost.
std::optional<MendedBlock> mend_block(const Filesystem& filesystem, const Promise& promise, std::optional<u64> owner);

/// The bytes as a block of that address has them: with its checksum.
MendedBlock sealed(const Geometry& geometry, Logical address, std::vector<std::byte> bytes, std::string what);

} // namespace btrkit::repair

// SPDX-License-Identifier: MIT
// One change to the metadata of a filesystem that its checksums don't betray (but where a block is to be lost): what a
// checker is to be tried with.
#pragma once

#include "libfs/fs/filesystem.h"

#include <string>
#include <vector>

namespace btrkit::test {

/// Bytes of the device before and after.
struct ByteChange {
    u64 offset = 0;
    std::vector<std::byte> before;
    std::vector<std::byte> after;
};

struct Mutation {
    std::string pattern; ///< "TREE:WHAT", without numbers: "FS:INODE_ITEM.nlink", "EXTENT:delete.METADATA_ITEM"
    std::string text;    ///< all of it, in one line
    std::vector<ByteChange> changes; ///< checksums are right again, unless a block is lost
};

/// What is changed.
enum class MutationKind {
    any,   ///< fields, items and pointers of tree blocks; now and then a superblock
    super, ///< a field of the superblock
    lost,  ///< a tree block is no longer what its checksum says, or nothing but noise
};

/// Mutation number `number` of a series: the same image, seed and number give the same one. The filesystem must have
/// one device, and all copies of a block must be alike.
Result<Mutation> make_mutation(const Filesystem& filesystem, const BlockDevice& device, u64 seed, u64 number,
                               MutationKind kind = MutationKind::any);

} // namespace btrkit::test

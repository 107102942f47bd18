// SPDX-License-Identifier: MIT
// One change to the metadata of a filesystem that its checksums don't betray: what a checker is to be tried with.
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
    std::vector<ByteChange> changes; ///< checksums are right again
};

/// Mutation number `number` of a series: the same image, seed and number give the same one. The filesystem must have
/// one device, and all copies of a block must be alike.
Result<Mutation> make_mutation(const Filesystem& filesystem, const BlockDevice& device, u64 seed, u64 number);

} // namespace btrkit::test

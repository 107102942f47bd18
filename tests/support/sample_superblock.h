// SPDX-License-Identifier: MIT
// A superblock that nothing is wrong with, to be damaged by tests.
#pragma once

#include "formats/btrfs/chunk.h"
#include "formats/btrfs/superblock.h"
#include "libfs/base/bytes.h"

#include <vector>

namespace btrkit::test {

inline constexpr u64 sample_device_bytes = u64{512} << 20;

/// As it stands at offset: generation 18, label "sample", one device of sample_device_bytes with devid 1, one DUP
/// system chunk, one backup of the roots.
btrfs::Superblock sample_superblock(u64 offset = btrfs::superblock_offsets[0]);

/// Makes the checksum right again.
void seal(btrfs::Superblock& super);

/// The sealed superblocks of a device of this size, each with the offset where it belongs.
struct SuperblockAt {
    u64 offset;
    btrfs::Superblock super;
};
std::vector<SuperblockAt> sample_mirrors(u64 size_bytes = sample_device_bytes);

/// The fixed part of the first item in the system array, to be changed in place.
btrfs::ChunkItem& first_sys_chunk(btrfs::Superblock& super);

} // namespace btrkit::test

// SPDX-License-Identifier: MIT
// The superblock mirrors of one device: read, checked, compared.
//
// A copy is valid when the filesystem could be opened from it: magic, checksum, own address, and every field that
// reading depends on is possible. The newest valid copy of a device speaks for it.
#pragma once

#include "libfs/io/block_device.h"
#include "libfs/volume/geometry.h"

#include <optional>
#include <vector>

namespace btrkit {

struct SuperblockCopy {
    unsigned mirror = 0; ///< 0, 1, 2
    u64 offset = 0;      ///< where it was read
    btrfs::Superblock super;
    Problems problems; ///< what is wrong with it by itself; errors make it invalid, notes don't

    bool valid() const;
};

/// What is wrong with a superblock that was read at offset. Errors mean that nothing can be read through it.
/// device_name goes into the places. Unknown incompatible features are super_unknown_incompat: reported as error
/// (the kernel refuses such a filesystem) but by themselves they don't make the copy invalid for reading.
Problems check_superblock(const btrfs::Superblock& super, u64 offset, const std::string& device_name);

/// One copy, at any offset. Fails where the device can't be read there.
Result<SuperblockCopy> read_superblock(const BlockDevice& device, u64 offset, unsigned mirror);

/// All mirrors that fit into the device. Those that can't be read are missing and reported to problems.
std::vector<SuperblockCopy> read_superblock_copies(const BlockDevice& device, Problems& problems);

/// The valid copy with the highest generation (the lowest mirror among equals), or null.
const SuperblockCopy* newest_valid(const std::vector<SuperblockCopy>& copies);

/// Mirrors that are invalid, or differ from the newest valid copy in anything but address and checksum:
/// super_mirror_invalid and super_mirror_differs, the latter naming the fields that differ. A mirror without the
/// magic in any field (never written) is invalid too. Nothing if there is no valid copy.
Problems compare_superblock_copies(const std::vector<SuperblockCopy>& copies, const std::string& device_name);

} // namespace btrkit

// SPDX-License-Identifier: MIT
// The superblock mirrors of one device: read, checked, compared.
//
// A copy is valid when the filesystem could be opened from it: magic, checksum, own address, and every field that
// reading depends on is possible. The first copy of a device speaks for it, as it does for kernels, whatever the others
// say: they may be newer in an image that was copied while it was mounted, but what they lead to is not in it then.
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
    Problems problems; ///< what check_superblock() has against it

    /// Whether the filesystem could be read through it; see check_superblock().
    bool valid() const;
};

/// What is wrong with a superblock that was read at offset: the rules by which the kernel and the peer refuse one
/// (docs/format.md 2.2). super_magic, super_csum_type, super_checksum, super_bytenr and super_field make it invalid:
/// reading through it is impossible or undefined. All others, super_value and super_unknown_incompat among them,
/// are findings only. Without the magic nothing else is looked at. device_name goes into the places.
Problems check_superblock(const btrfs::Superblock& super, u64 offset, const std::string& device_name);

/// One copy, at any offset. Fails where the device can't be read there.
Result<SuperblockCopy> read_superblock(const BlockDevice& device, u64 offset, unsigned mirror);

/// All mirrors that fit into the device. Those that can't be read are missing and reported to problems.
std::vector<SuperblockCopy> read_superblock_copies(const BlockDevice& device, Problems& problems);

/// The valid copy with the highest generation (the lowest mirror among equals), or null. Copies with another fsid
/// than the first valid one don't count: they are what an earlier filesystem left behind.
const SuperblockCopy* newest_valid(const std::vector<SuperblockCopy>& copies);

/// The copy that speaks for the device: the preferred mirror if it is valid and of the same filesystem as the first
/// valid one, else the first mirror if that is valid, else the newest valid one. Null where none is valid.
const SuperblockCopy* speaking_copy(const std::vector<SuperblockCopy>& copies, unsigned preferred_mirror = 0);

/// The superblock as its mirror at that offset: with that address, and the checksum of all of it.
btrfs::Superblock sealed_copy(btrfs::Superblock super, u64 offset);

/// The names of the fields in which two superblocks differ, those of dev_item as "dev_item.NAME".
std::vector<std::string> differing_fields(const btrfs::Superblock& left, const btrfs::Superblock& right);

/// Mirrors that are invalid (super_mirror_invalid), of another commit than the copy that speaks (super_mirror_stale),
/// or of the same but different in anything but address and checksum (super_mirror_differs); the latter two name the
/// fields that differ. A mirror without the magic (never written) is invalid too. The log root may differ: an fsync
/// writes it to the first mirror alone. Only mirrors at kept_superblock_offsets() of the copy that speaks count. That
/// is one of the copies, or null: then there is nothing to tell.
Problems compare_superblock_copies(const std::vector<SuperblockCopy>& copies, const SuperblockCopy* speaking,
                                   const std::string& device_name);

} // namespace btrkit

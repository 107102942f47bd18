// SPDX-License-Identifier: MIT
// Where the superblock copies of a device stand (docs/format.md 2.1).
#pragma once

#include "formats/btrfs/superblock.h"
#include "libfs/base/bytes.h"

#include <span>

namespace btrkit {

/// The offsets of the copies that there is room for in so many bytes of a device: the first ones of
/// btrfs::superblock_offsets. Whatever filesystem was there, none of its copies stands elsewhere.
std::span<const u64> superblock_offsets_within(u64 size_bytes);

/// The offsets of the copies that a filesystem keeps on the device of this superblock: the first, and the others as far
/// as they end before dev_item.total_bytes. As in the kernel, one that would end with the very last of these bytes is
/// not kept. (mkfs.btrfs writes it; no commit of a kernel renews it, and so nobody may believe it.) What was restored
/// from a metadata dump has the first alone.
std::span<const u64> kept_superblock_offsets(const btrfs::Superblock& super);

/// Whether a copy stands in [offset, offset + length_bytes) of a device, if it keeps all of them.
bool touches_superblock(u64 offset, u64 length_bytes);

} // namespace btrkit

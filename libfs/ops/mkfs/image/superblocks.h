// SPDX-License-Identifier: MIT
// The superblocks of a new filesystem: the last bytes that are written, and what makes it one.
#pragma once

#include "libfs/io/writable_device.h"
#include "libfs/ops/mkfs/image/image_builder.h"

namespace btrkit::mkfs {

/// The superblock of the device at an index of the layout's devices, as its primary copy stands.
btrfs::Superblock superblock_of(const Parameters& parameters, const BuiltImage& image, std::size_t device);

/// Writes the copy that belongs at each of the offsets that the filesystem's part of the device reaches. Primaries of
/// all devices first, flushed and read again, then the mirrors likewise.
Result<void> write_superblocks(const Parameters& parameters, const BuiltImage& image,
                               std::span<WritableDevice* const> devices);

/// Takes away every superblock that stands in the part of each device that the layout uses, and flushes.
Result<void> erase_superblocks(std::span<WritableDevice* const> devices, const Layout& layout);

} // namespace btrkit::mkfs

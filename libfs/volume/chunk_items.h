// SPDX-License-Identifier: MIT
// Chunks and devices as the items that describe them: in the chunk tree, in the device tree, in superblocks. The way
// back is parse_chunk() (chunk_map.h).
#pragma once

#include "formats/btrfs/device.h"
#include "libfs/volume/chunk_map.h"

namespace btrkit {

btrfs::Key chunk_key(const Chunk& chunk);

/// A whole CHUNK_ITEM with its stripes, as the kernel writes it.
std::vector<std::byte> chunk_item(const Chunk& chunk, u32 sectorsize);

/// The DEV_EXTENT of each stripe of the chunk; its key is (devid, DEV_EXTENT, physical).
btrfs::DevExtent device_extent(const Chunk& chunk, const btrfs::Uuid& chunk_tree_uuid);

/// While a device is being replaced, the new one has this id and no item.
inline constexpr u64 replace_target_devid = 0;

/// A device of the filesystem, and how much of it is taken.
struct DeviceUse {
    u64 devid = 0;
    btrfs::Uuid uuid;
    u64 total_bytes = 0; ///< what the filesystem has of the device
    u64 used_bytes = 0;  ///< of its device extents together
};
/// The DEV_ITEM, which the device's superblock holds too.
btrfs::DevItem device_item(const DeviceUse& device, const Geometry& geometry);

} // namespace btrkit

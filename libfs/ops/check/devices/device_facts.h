// SPDX-License-Identifier: MIT
// What the chunk tree and the device tree say, side by side.
#pragma once

#include "formats/btrfs/device.h"
#include "libfs/ops/check/context.h"

#include <map>

namespace btrkit::check {

struct ChunkRecord {
    Chunk chunk;
    std::vector<std::byte> body; ///< the whole item; of system chunks only
    Place place;
};

struct DeviceRecord {
    btrfs::DevItem item;
    Place place;
};

struct DevExtentRecord {
    u64 devid = 0;
    u64 physical = 0;
    u64 length = 0;
    u64 chunk_start = 0; ///< logical address of the chunk
    Place place;
};

struct DeviceFacts {
    std::map<u64, ChunkRecord> chunks;        ///< by logical address
    std::map<u64, DeviceRecord> devices;      ///< by devid
    std::vector<DevExtentRecord> dev_extents; ///< by devid and physical offset
    /// Whether each is all that there is: nothing lost, nothing that can't be counted.
    bool chunks_complete = true;
    bool devices_complete = true;
    bool dev_extents_complete = true;

    const ChunkRecord* find_chunk(u64 logical) const {
        const auto found = chunks.find(logical);
        return found == chunks.end() ? nullptr : &found->second;
    }
};

/// Scans both trees. Tells what the device tree remembers (error counters, an unfinished replacement) and items of
/// kinds that don't belong there.
DeviceFacts gather_devices(Context& context);

/// What a note about a device is placed at: its name, where it was given.
Place place_of_device(const Context& context, u64 devid);

// Each takes what is complete, and leaves the rest alone.
void check_dev_extents(Context& context, const DeviceFacts& facts);
void check_device_items(Context& context, const DeviceFacts& facts);
void check_system_array(Context& context, const DeviceFacts& facts);
void check_superblock_values(Context& context, const DeviceFacts& facts);

} // namespace btrkit::check

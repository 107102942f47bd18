// SPDX-License-Identifier: MIT
#include "libfs/base/range_set.h"
#include "libfs/ops/usage/map/map.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::usage {

namespace {

MapDevice* find_device(std::vector<MapDevice>& devices, u64 devid) {
    const auto found = std::ranges::lower_bound(devices, devid, {}, &MapDevice::devid);
    return found != devices.end() && found->devid == devid ? &*found : nullptr;
}

/// One finding need not fill the map.
constexpr u64 most_marks = 1024;

/// Every cell that the range touches. Returns how many that are.
u64 mark(MapDevice* device, u64 offset, u64 length_bytes) {
    if (device == nullptr) {
        return 0;
    }
    const u64 first = offset / device->cell_bytes;
    const u64 last = std::min(range_from(offset, length_bytes).end - 1, device->size_bytes) / device->cell_bytes;
    u64 count = 0;
    for (u64 number = first; number <= last && number < device->cells.size() && count < most_marks; ++number) {
        ++device->cells[number].damage_count;
        ++count;
    }
    return count;
}

/// The range as one mirror has it.
bool mark_mirror(const Chunk& chunk, const DamagedPlace& damage, unsigned mirror, std::vector<MapDevice>& devices) {
    u64 mark_count = 0;
    u64 at = *damage.logical;
    u64 left = std::max<u64>(damage.length_bytes, 1);
    for (u64 runs = 0; runs < most_marks && mark_count < most_marks && left > 0 && chunk.contains({at}); ++runs) {
        const auto run = map_stripe(chunk, {at}, left, mirror);
        mark_count += mark(find_device(devices, run.physical.devid), run.physical.offset, run.length);
        at += run.length;
        left -= std::min(left, run.length);
    }
    return mark_count > 0;
}

bool place_damage(const Filesystem& filesystem, const DamagedPlace& damage, std::vector<MapDevice>& devices) {
    if (damage.physical) {
        const auto device = std::ranges::find(devices, damage.device, &MapDevice::path);
        if (!damage.device.empty() && device != devices.end()) {
            return mark(&*device, *damage.physical, std::min<u64>(damage.length_bytes, btrfs::raid_stripe_length)) > 0;
        }
    }
    const Chunk* chunk = damage.logical ? filesystem.volume().chunks().find({*damage.logical}) : nullptr;
    if (chunk == nullptr) {
        return false;
    }
    const unsigned stored = stored_copies(*chunk);
    if (damage.mirror && *damage.mirror >= 1 && *damage.mirror <= stored) {
        return mark_mirror(*chunk, damage, *damage.mirror, devices);
    }
    bool is_placed = false;
    for (unsigned mirror = 1; mirror <= stored; ++mirror) {
        is_placed |= mark_mirror(*chunk, damage, mirror, devices);
    }
    return is_placed;
}

} // namespace

void place_superblocks(std::vector<MapDevice>& devices) {
    for (auto& device : devices) {
        for (const u64 offset : btrfs::superblock_offsets) {
            if (offset < device.size_bytes) {
                device.cells[offset / device.cell_bytes].has_superblock = true;
            }
        }
    }
}

u64 place_damages(const Filesystem& filesystem, std::span<const DamagedPlace> damages,
                  std::vector<MapDevice>& devices) {
    u64 unplaced = 0;
    for (const auto& damage : damages) {
        unplaced += place_damage(filesystem, damage, devices) ? 0 : 1;
    }
    return unplaced;
}

} // namespace btrkit::usage

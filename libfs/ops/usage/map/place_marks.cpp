// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/map/map.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::usage {

namespace {

MapDevice* find_device(std::vector<MapDevice>& devices, u64 devid) {
    const auto found = std::ranges::lower_bound(devices, devid, {}, &MapDevice::devid);
    return found != devices.end() && found->devid == devid ? &*found : nullptr;
}

bool mark(MapDevice* device, u64 offset) {
    if (device == nullptr || offset / device->cell_bytes >= device->cells.size()) {
        return false;
    }
    ++device->cells[offset / device->cell_bytes].damage_count;
    return true;
}

/// The first place of every run of the range, in one mirror.
bool mark_mirror(const Chunk& chunk, const DamagedPlace& damage, unsigned mirror, std::vector<MapDevice>& devices) {
    constexpr unsigned most_runs = 1024; // one finding need not fill the map
    bool is_placed = false;
    u64 at = *damage.logical;
    u64 left = std::max<u64>(damage.length_bytes, 1);
    for (unsigned run_count = 0; run_count < most_runs && left > 0 && chunk.contains({at}); ++run_count) {
        const auto run = map_stripe(chunk, {at}, left, mirror);
        is_placed |= mark(find_device(devices, run.physical.devid), run.physical.offset);
        at += run.length;
        left -= std::min(left, run.length);
    }
    return is_placed;
}

bool place_damage(const Filesystem& filesystem, const DamagedPlace& damage, std::vector<MapDevice>& devices) {
    if (damage.physical) {
        const auto device = std::ranges::find(devices, damage.device, &MapDevice::path);
        if (!damage.device.empty() && device != devices.end()) {
            return mark(&*device, *damage.physical);
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

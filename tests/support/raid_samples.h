// SPDX-License-Identifier: MIT
// Filesystems of all profiles with known content, and the places in them that tests read.
#pragma once

#include "tests/support/device_lists.h"
#include "tests/support/faulty_device.h"

#include <numeric>
#include <random>

namespace btrkit::test {

inline constexpr u64 unit = 64 * kib;

struct Layout {
    u64 profile;
    unsigned devices;
    unsigned mirrors;
    unsigned tolerated; ///< devices that may be lost
};

inline const std::vector<Layout> layouts = {
    {0, 1, 1, 0},
    {btrfs::block_group_raid0, 3, 1, 0},
    {btrfs::block_group_raid1, 2, 2, 1},
    {btrfs::block_group_raid1c3, 3, 3, 2},
    {btrfs::block_group_raid1c4, 4, 4, 3},
    {btrfs::block_group_raid10, 6, 2, 1},
    {btrfs::block_group_raid5, 2, 2, 1},
    {btrfs::block_group_raid5, 5, 2, 1},
    {btrfs::block_group_raid6, 3, 3, 2},
    {btrfs::block_group_raid6, 6, 6, 2},
};

inline std::vector<u64> first_devids(unsigned count) {
    std::vector<u64> devids(count);
    std::iota(devids.begin(), devids.end(), u64{1});
    return devids;
}

/// A chunk whose last row is not full, and the one that follows it.
inline VolumeImage image_of(const Layout& layout) {
    VolumeImage image(layout.devices);
    const u64 type = btrfs::block_group_data | layout.profile;
    image.add_chunk(type, 13 * unit + 12 * kib, first_devids(layout.devices));
    image.add_chunk(type, 3 * unit, first_devids(layout.devices));
    return image;
}

inline Devices all_but(VolumeImage& image, unsigned count, const std::vector<u64>& lost) {
    Devices devices;
    for (u64 devid = 1; devid <= count; ++devid) {
        if (std::ranges::find(lost, devid) == lost.end()) {
            devices.push_back(image.device(devid));
        }
    }
    return devices;
}

inline Volume open_image(const VolumeImage& image, Devices devices) {
    Problems problems;
    return image.open(std::move(devices), problems);
}

struct Extent {
    Logical at;
    u64 length;
};

/// Random places in the two filled chunks, across stripes and across the border.
inline std::vector<Extent> random_extents(const VolumeImage& image, unsigned count) {
    const Logical begin = image.chunks()[1].start;
    const u64 total = image.chunks()[1].length + image.chunks()[2].length;
    std::mt19937_64 random(7);
    std::vector<Extent> extents = {{begin, total}};
    for (unsigned i = 0; i < count; ++i) {
        const u64 offset = random() % total;
        const u64 most = std::min<u64>(total - offset, (random() % 2 != 0) ? 300 * kib : 5 * kib);
        extents.push_back({begin + offset, 1 + random() % most});
    }
    return extents;
}

inline std::unique_ptr<BlockDevice> faulty(std::unique_ptr<BlockDevice> device, std::vector<FaultyDevice::Range> bad) {
    return std::make_unique<FaultyDevice>(std::move(device), std::move(bad));
}

} // namespace btrkit::test

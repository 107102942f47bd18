// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/targets.h"

#include <fmt/format.h>

namespace btrkit::resize {

namespace {

/// That no chunk has at the end of each device: what borders between chunks may cost whoever packs in another order.
constexpr u64 border_bytes = mib;

Result<u64> chosen_device(const std::optional<u64>& devid, const SpaceUse& use) {
    if (!devid && use.devices.size() > 1) {
        return fail(ErrorKind::usage, "the filesystem has several devices; choose one with --devid");
    }
    const u64 chosen = devid.value_or(use.devices.front().devid);
    if (std::ranges::find(use.devices, chosen, &DeviceSpace::devid) == use.devices.end()) {
        return fail(ErrorKind::usage, fmt::format("there is no device {}", chosen));
    }
    return chosen;
}

} // namespace

DeviceSizes least_sizes(const SpaceUse& use, const ChunkMap& chunks, u32 sectorsize) {
    auto sizes = sizes_now(use);
    if (const auto packing = plan_packing(use, chunks, {}, sizes)) {
        for (auto& [devid, bytes] : sizes) {
            bytes = std::min(bytes, round_up(packing->ends.at(devid) + border_bytes, sectorsize));
        }
    }
    return sizes;
}

Result<DeviceSizes> sizes_after(const Shrink& shrink, const SpaceUse& use, const Filesystem& filesystem) {
    const u32 sectorsize = filesystem.geometry().sectorsize;
    auto sizes = sizes_now(use);
    if (!shrink.size_bytes && shrink.devid) {
        return fail(ErrorKind::usage, "how small one device of several can get depends on the others; give a size");
    }
    const auto least = least_sizes(use, filesystem.volume().chunks(), sectorsize);
    if (!shrink.size_bytes) {
        for (auto& [devid, bytes] : sizes) {
            bytes = std::min(bytes, round_up(least.at(devid) + shrink.slack_bytes, sectorsize));
        }
        return sizes;
    }
    BTRKIT_TRY_ASSIGN(const u64 devid, chosen_device(shrink.devid, use));
    const u64 wanted = round_down(*shrink.size_bytes, sectorsize);
    if (wanted > sizes.at(devid)) {
        return fail(ErrorKind::usage, fmt::format("it has {} bytes; to make it larger, grow it", sizes.at(devid)));
    }
    if (use.devices.size() == 1 && wanted < least.at(devid)) {
        return fail(ErrorKind::no_space, fmt::format("the smallest size is {} bytes, {} more than that",
                                                     least.at(devid), least.at(devid) - wanted));
    }
    sizes[devid] = wanted;
    return sizes;
}

Result<DeviceSizes> sizes_after(const Grow& grow, const SpaceUse& use, const Filesystem& filesystem) {
    auto sizes = sizes_now(use);
    BTRKIT_TRY_ASSIGN(const u64 devid, chosen_device(grow.devid, use));
    const u32 sectorsize = filesystem.geometry().sectorsize;
    const u64 device_bytes = filesystem.volume().device_of(devid)->size_bytes();
    const u64 wanted = round_down(grow.size_bytes.value_or(device_bytes), sectorsize);
    if (wanted < sizes.at(devid)) {
        return fail(ErrorKind::usage, fmt::format("it has {} bytes; to make it smaller, shrink it", sizes.at(devid)));
    }
    if (wanted > device_bytes) {
        return fail(ErrorKind::refused, fmt::format("the device has only {} bytes", device_bytes));
    }
    sizes[devid] = wanted;
    return sizes;
}

} // namespace btrkit::resize

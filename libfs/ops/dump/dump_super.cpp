// SPDX-License-Identifier: MIT
#include "libfs/ops/dump/dump_super.h"

#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::dump_super {

namespace {

unsigned mirror_at(u64 offset) {
    const auto& offsets = btrfs::superblock_offsets;
    const auto found = std::ranges::find(offsets, offset);
    return found == offsets.end() ? 0 : static_cast<unsigned>(found - offsets.begin());
}

void read_all(const BlockDevice& device, DeviceReport& report) {
    report.copies = read_superblock_copies(device, report.unreadable);
    if (report.copies.empty() && report.unreadable.empty()) {
        report.errors.push_back({ErrorKind::damaged, fmt::format("{}: {} bytes are too short for a superblock",
                                                                 printable(device.name()), device.size_bytes())});
    }
    report.differences = compare_superblock_copies(report.copies, speaking_copy(report.copies), device.name());
}

void read_one(const BlockDevice& device, u64 offset, DeviceReport& report) {
    auto copy = read_superblock(device, offset, mirror_at(offset));
    if (copy) {
        report.copies.push_back(std::move(*copy));
    } else {
        report.errors.push_back(std::move(copy.error()));
    }
}

DeviceReport read_device(const BlockDevice& device, const Choice& choice) {
    DeviceReport report{.path = device.name(), .size_bytes = device.size_bytes()};
    if (const auto* mirror = std::get_if<OneMirror>(&choice)) {
        read_one(device, btrfs::superblock_offsets.at(mirror->number), report);
    } else if (const auto* place = std::get_if<AtOffset>(&choice)) {
        read_one(device, place->bytes, report);
    } else {
        read_all(device, report);
    }
    return report;
}

} // namespace

Report run(std::span<const std::unique_ptr<BlockDevice>> devices, const Options& options) {
    Report report;
    for (const auto& device : devices) {
        report.devices.push_back(read_device(*device, options.choice));
    }
    return report;
}

} // namespace btrkit::dump_super

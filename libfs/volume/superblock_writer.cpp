// SPDX-License-Identifier: MIT
#include "libfs/volume/superblock_writer.h"

#include "libfs/volume/superblock_places.h"

#include <cassert>

#include <fmt/format.h>

namespace btrkit {

namespace {

/// What is to stand on a device.
struct PlannedCopy {
    WritableDevice* device;
    SuperblockImage image;
};

PlannedCopy planned_copy(WritableDevice& device, const btrfs::Superblock& super, u64 offset) {
    PlannedCopy copy{.device = &device, .image = {.devid = super.dev_item.devid, .offset = offset}};
    std::ranges::copy(as_bytes_of(sealed_copy(super, offset)), copy.image.bytes.begin());
    return copy;
}

Result<void> write_copy(const PlannedCopy& copy) {
    return copy.device->write(copy.image.offset, copy.image.bytes);
}

Result<void> read_back(const PlannedCopy& copy) {
    SuperblockImage found;
    BTRKIT_TRY(copy.device->read(copy.image.offset, found.bytes));
    if (found.bytes != copy.image.bytes) {
        return fail(ErrorKind::io, fmt::format("{}: the superblock at offset {} does not read as it was written",
                                               copy.device->name(), copy.image.offset));
    }
    return {};
}

Result<void> write_copies(std::span<const PlannedCopy> copies, const WritableDevices& devices) {
    for (const auto& copy : copies) {
        BTRKIT_TRY(write_copy(copy));
    }
    BTRKIT_TRY(flush_all(devices));
    for (const auto& copy : copies) {
        BTRKIT_TRY(read_back(copy));
    }
    return {};
}

Result<void> write_in_order(const std::vector<PlannedCopy>& copies, const WritableDevices& devices,
                            CommitStage& stage) {
    std::vector<PlannedCopy> primaries;
    std::vector<PlannedCopy> mirrors;
    for (const auto& copy : copies) {
        (copy.image.offset == btrfs::superblock_offsets.front() ? primaries : mirrors).push_back(copy);
    }
    stage = CommitStage::before;
    BTRKIT_TRY(flush_all(devices));
    stage = CommitStage::primaries;
    BTRKIT_TRY(write_copies(primaries, devices));
    stage = CommitStage::mirrors;
    BTRKIT_TRY(write_copies(mirrors, devices));
    stage = CommitStage::complete;
    return {};
}

} // namespace

std::span<const u64> written_superblock_offsets(const BlockDevice& device, const btrfs::Superblock& super) {
    const auto kept = kept_superblock_offsets(super);
    const auto within = superblock_offsets_within(device.size_bytes());
    return kept.first(std::max<std::size_t>(1, std::min(kept.size(), within.size())));
}

Result<void> SuperblockWriter::commit(std::span<const btrfs::Superblock> supers) {
    assert(supers.size() == devices_.size());
    std::vector<PlannedCopy> copies;
    for (const auto& super : supers) {
        auto& device = *devices_.at(super.dev_item.devid);
        for (const u64 offset : written_superblock_offsets(device, super)) {
            copies.push_back(planned_copy(device, super, offset));
        }
    }
    return write_in_order(copies, devices_, stage_);
}

Result<void> SuperblockWriter::restore(std::span<const SuperblockImage> images) {
    std::vector<PlannedCopy> copies;
    for (const auto& image : images) {
        assert(std::ranges::find(btrfs::superblock_offsets, image.offset) != btrfs::superblock_offsets.end());
        copies.push_back({.device = devices_.at(image.devid), .image = image});
    }
    return write_in_order(copies, devices_, stage_);
}

Result<void> write_superblock_copy(WritableDevice& device, const btrfs::Superblock& super, u64 offset) {
    const auto copy = planned_copy(device, super, offset);
    BTRKIT_TRY(write_copy(copy));
    BTRKIT_TRY(device.flush());
    return read_back(copy);
}

Result<void> erase_superblocks(WritableDevice& device, u64 size_bytes) {
    const std::vector<std::byte> zeros(btrfs::superblock_size);
    for (const u64 offset : superblock_offsets_within(size_bytes)) {
        BTRKIT_TRY(device.write(offset, zeros));
    }
    return {};
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/volume/superblock_writer.h"

#include "libfs/volume/superblock_places.h"

#include <cassert>
#include <cstring>

#include <fmt/format.h>

namespace btrkit {

namespace {

/// What is to stand on a device at the copy's own address.
struct SealedCopy {
    WritableDevice* device;
    btrfs::Superblock super;
};

Result<void> write_copy(const SealedCopy& copy) {
    return copy.device->write(copy.super.bytenr, as_bytes_of(copy.super));
}

Result<void> read_back(const SealedCopy& copy) {
    btrfs::Superblock found;
    BTRKIT_TRY(copy.device->read(copy.super.bytenr, std::as_writable_bytes(std::span(&found, 1))));
    if (std::memcmp(&found, &copy.super, sizeof(found)) != 0) {
        return fail(ErrorKind::io, fmt::format("{}: the superblock at offset {} does not read as it was written",
                                               copy.device->name(), u64{copy.super.bytenr}));
    }
    return {};
}

Result<void> write_copies(std::span<const SealedCopy> copies, const WritableDevices& devices) {
    for (const auto& copy : copies) {
        BTRKIT_TRY(write_copy(copy));
    }
    BTRKIT_TRY(flush_all(devices));
    for (const auto& copy : copies) {
        BTRKIT_TRY(read_back(copy));
    }
    return {};
}

std::span<const u64> mirror_offsets(const WritableDevice& device, const btrfs::Superblock& super) {
    const auto kept = kept_superblock_offsets(super);
    const auto within = superblock_offsets_within(device.size_bytes());
    const auto count = std::min(kept.size(), within.size());
    return count == 0 ? kept.first(0) : kept.subspan(1, count - 1);
}

} // namespace

Result<void> SuperblockWriter::commit(std::span<const btrfs::Superblock> supers) {
    assert(supers.size() == devices_.size());
    std::vector<SealedCopy> primaries;
    std::vector<SealedCopy> mirrors;
    for (const auto& super : supers) {
        auto* device = devices_.at(super.dev_item.devid);
        primaries.push_back({device, sealed_copy(super, btrfs::superblock_offsets.front())});
        for (const u64 offset : mirror_offsets(*device, super)) {
            mirrors.push_back({device, sealed_copy(super, offset)});
        }
    }
    stage_ = CommitStage::before;
    BTRKIT_TRY(flush_all(devices_));
    stage_ = CommitStage::primaries;
    BTRKIT_TRY(write_copies(primaries, devices_));
    stage_ = CommitStage::mirrors;
    BTRKIT_TRY(write_copies(mirrors, devices_));
    stage_ = CommitStage::complete;
    return {};
}

Result<void> write_superblock_copy(WritableDevice& device, const btrfs::Superblock& super, u64 offset) {
    const SealedCopy copy = {&device, sealed_copy(super, offset)};
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

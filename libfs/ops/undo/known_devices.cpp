// SPDX-License-Identifier: MIT
#include "libfs/ops/undo/known_devices.h"

#include "libfs/base/names.h"
#include "libfs/volume/superblock_copies.h"

#include <optional>

#include <fmt/format.h>

namespace btrkit::undo {

namespace {

constexpr u64 first_offset = btrfs::superblock_offsets.front();
/// Devices write so many bytes whole or not at all.
constexpr std::size_t sector_bytes = 512;

std::unexpected<Error> refused(const std::string& name, std::string_view why) {
    return fail(ErrorKind::refused, fmt::format("{}: {}", printable(name), why));
}

/// nullopt: it is neither, nor a mixture of both.
std::optional<SuperblockState> compare(Bytes found, const UndoSuperblock& saved) {
    bool is_old = true;
    bool is_new = true;
    for (std::size_t at = 0; at < found.size(); at += sector_bytes) {
        const auto sector = found.subspan(at, sector_bytes);
        const bool as_before = std::ranges::equal(sector, Bytes(saved.before).subspan(at, sector_bytes));
        const bool as_after = std::ranges::equal(sector, Bytes(saved.after).subspan(at, sector_bytes));
        if (!as_before && !as_after) {
            return std::nullopt;
        }
        is_old = is_old && as_before;
        is_new = is_new && as_after;
    }
    return is_old ? SuperblockState::unchanged : is_new ? SuperblockState::changed : SuperblockState::torn;
}

/// Why an image is none of the file's devices, or not any more.
std::unexpected<Error> refuse_image(const UndoReader& file, const BlockDevice& device, const SuperblockCopy& copy) {
    const auto& identity = *file.identity();
    const auto& super = copy.super;
    if (!copy.valid()) {
        return refused(device.name(),
                       fmt::format("its first superblock is not valid, and not one that the change in {} "
                                   "has left half-written: nothing tells whether it may be undone",
                                   printable(file.path())));
    }
    if (super.fsid != identity.fsid) {
        return refused(device.name(), fmt::format("holds the filesystem {}, but {} is of {}", uuid_text(super.fsid),
                                                  printable(file.path()), uuid_text(identity.fsid)));
    }
    const auto* known = identity.device(super.dev_item.devid);
    if (known == nullptr || known->uuid != super.dev_item.uuid) {
        return refused(device.name(), fmt::format("device {} of its filesystem was not part of it when {} was made",
                                                  u64{super.dev_item.devid}, printable(file.path())));
    }
    return refused(device.name(),
                   fmt::format("the filesystem has moved on: its superblock, of generation {}, is neither "
                               "that of generation {} which the change has made nor the one before; "
                               "what came since would be lost",
                               u64{super.generation}, identity.new_generation));
}

/// A mirror that only a later commit can have written says that the first superblock was put there by somebody else.
Result<void> look_at_mirrors(const UndoReader& file, const BlockDevice& device, u64 devid) {
    const auto& identity = *file.identity();
    for (const auto& saved : file.superblocks()) {
        if (saved.devid != devid || saved.offset == first_offset) {
            continue;
        }
        BTRKIT_TRY_ASSIGN(const auto copy, read_superblock(device, saved.offset, 0));
        const bool is_later = copy.valid() && copy.super.fsid == identity.fsid &&
                              copy.super.generation >= identity.new_generation &&
                              !compare(as_bytes_of(copy.super), saved);
        if (is_later) {
            return refused(device.name(), fmt::format("the filesystem has moved on: the superblock at offset {} is of "
                                                      "generation {}; what came since would be lost",
                                                      saved.offset, u64{copy.super.generation}));
        }
    }
    return {};
}

struct Match {
    const UndoDevice* device;
    SuperblockState found;
};

Result<Match> match(const UndoReader& file, const BlockDevice& image) {
    if (image.size_bytes() < first_offset + btrfs::superblock_size) {
        return refused(image.name(), "too small for a btrfs");
    }
    BTRKIT_TRY_ASSIGN(const auto copy, read_superblock(image, first_offset, 0));
    for (const auto& saved : file.superblocks()) {
        if (saved.offset != first_offset) {
            continue;
        }
        if (const auto found = compare(as_bytes_of(copy.super), saved)) {
            return Match{.device = file.identity()->device(saved.devid), .found = *found};
        }
    }
    return refuse_image(file, image, copy);
}

} // namespace

Result<std::map<u64, KnownDevice>> know_devices(const UndoReader& file, std::span<const BlockDevice* const> images) {
    std::map<u64, KnownDevice> known;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const auto& image = *images[i];
        BTRKIT_TRY_ASSIGN(const auto matched, match(file, image));
        const auto& [device, found] = matched;
        if (image.size_bytes() < device->size_bytes) {
            return refused(image.name(), fmt::format("has {} bytes, but had {} when {} was made", image.size_bytes(),
                                                     device->size_bytes, printable(file.path())));
        }
        const auto [place, is_new] =
            known.try_emplace(device->devid, KnownDevice{.device = &image, .found = found, .image = i});
        if (!is_new) {
            return fail(ErrorKind::usage,
                        fmt::format("{}: is device {}, which was given as {} already", printable(image.name()),
                                    device->devid, printable(place->second.device->name())));
        }
        BTRKIT_TRY(look_at_mirrors(file, image, device->devid));
    }
    for (const auto& device : file.identity()->devices) {
        if (!known.contains(device.devid)) {
            return refused(file.path(),
                           fmt::format("device {} ({}) is missing: all devices of the filesystem are needed",
                                       device.devid, uuid_text(device.uuid)));
        }
    }
    return known;
}

} // namespace btrkit::undo

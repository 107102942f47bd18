// SPDX-License-Identifier: MIT
#include "libfs/volume/undo_superblocks.h"

#include "libfs/volume/superblock_writer.h"

#include <cassert>

namespace btrkit {

UndoIdentity undo_identity(std::span<const btrfs::Superblock> new_supers, u64 old_generation,
                           const WritableDevices& devices) {
    assert(!new_supers.empty());
    const auto& super = new_supers.front();
    UndoIdentity identity{.fsid = super.fsid,
                          .tree_fsid = super.tree_fsid(),
                          .old_generation = old_generation,
                          .new_generation = super.generation};
    for (const auto& of_device : new_supers) {
        const u64 devid = of_device.dev_item.devid;
        identity.devices.push_back(
            {.devid = devid, .uuid = of_device.dev_item.uuid, .size_bytes = devices.at(devid)->size_bytes()});
    }
    return identity;
}

Result<void> save_superblocks(UndoWriter& undo, std::span<const btrfs::Superblock> new_supers,
                              const WritableDevices& devices) {
    std::vector<std::byte> before(btrfs::superblock_size);
    for (const auto& super : new_supers) {
        const u64 devid = super.dev_item.devid;
        const auto& device = *devices.at(devid);
        for (const u64 offset : written_superblock_offsets(device, super)) {
            BTRKIT_TRY(device.read(offset, before));
            BTRKIT_TRY(undo.save_superblock(devid, offset, before, as_bytes_of(sealed_copy(super, offset))));
        }
    }
    return {};
}

} // namespace btrkit

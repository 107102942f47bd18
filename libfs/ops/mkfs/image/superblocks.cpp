// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/superblocks.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/ops/mkfs/image/device_trees.h"
#include "libfs/volume/superblock_copies.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include <fmt/format.h>

namespace btrkit::mkfs {

namespace {

/// What a filesystem without a free space tree says: the old cache is wanted, but not there yet.
constexpr u64 cache_not_built = ~u64{0};

void add_system_chunks(btrfs::Superblock& super, const Parameters& parameters, const Layout& layout) {
    std::size_t at = 0;
    for (const auto& chunk : layout.system) {
        const auto key =
            btrfs::DiskKey::from({btrfs::first_chunk_tree_objectid, btrfs::item_type::chunk_item, chunk.start.bytenr});
        const auto item = chunk_item(parameters, chunk);
        assert(at + sizeof(key) + item.size() <= super.sys_chunk_array.size());
        std::memcpy(super.sys_chunk_array.data() + at, &key, sizeof(key));
        std::memcpy(super.sys_chunk_array.data() + at + sizeof(key), item.data(), item.size());
        at += sizeof(key) + item.size();
    }
    super.sys_chunk_array_size = static_cast<u32>(at);
}

btrfs::RootBackup backup_of(const btrfs::Superblock& super, const AllTrees& trees) {
    btrfs::RootBackup backup;
    backup.tree_root = super.root;
    backup.tree_root_level = super.root_level;
    backup.chunk_root = super.chunk_root;
    backup.chunk_root_level = super.chunk_root_level;
    const auto set = [&](u64 id, btrfs::le64& root, u8& level) {
        const BuiltTree& built = trees.find(id);
        root = built.root.bytenr;
        level = built.level;
    };
    set(btrfs::extent_tree_id, backup.extent_root, backup.extent_root_level);
    set(btrfs::fs_tree_id, backup.fs_root, backup.fs_root_level);
    set(btrfs::dev_tree_id, backup.dev_root, backup.dev_root_level);
    set(btrfs::csum_tree_id, backup.csum_root, backup.csum_root_level);
    for (auto* generation : {&backup.tree_root_gen, &backup.chunk_root_gen, &backup.extent_root_gen,
                             &backup.fs_root_gen, &backup.dev_root_gen, &backup.csum_root_gen}) {
        *generation = first_generation;
    }
    backup.total_bytes = super.total_bytes;
    backup.bytes_used = super.bytes_used;
    backup.num_devices = super.num_devices;
    return backup;
}

/// Whether a copy at offset lies within so many bytes.
bool has_room(u64 size_bytes, u64 offset) {
    return size_bytes >= offset + sizeof(btrfs::Superblock);
}

enum class Pass { write, check };

Result<void> for_each_copy(const btrfs::Superblock& super, std::span<const u64> offsets, WritableDevice& device,
                           Pass pass) {
    for (const u64 offset : offsets) {
        if (!has_room(super.dev_item.total_bytes, offset)) {
            continue;
        }
        const auto copy = sealed_copy(super, offset);
        BTRKIT_TRY(pass == Pass::write ? device.write(offset, as_bytes_of(copy)) : expect_superblock(device, copy));
    }
    return {};
}

Result<void> flush_all(std::span<WritableDevice* const> devices) {
    for (auto* device : devices) {
        BTRKIT_TRY(device->flush());
    }
    return {};
}

} // namespace

btrfs::Superblock superblock_of(const Parameters& parameters, const BuiltImage& image, std::size_t device) {
    btrfs::Superblock super;
    super.fsid = parameters.fsid;
    super.bytenr = btrfs::superblock_offsets.front();
    super.flags = btrfs::super_flag_written;
    super.magic = btrfs::superblock_magic;
    super.generation = first_generation;
    super.root = image.root_tree.root.bytenr;
    super.root_level = image.root_tree.level;
    super.chunk_root = image.chunk_tree.root.bytenr;
    super.chunk_root_level = image.chunk_tree.level;
    super.chunk_root_generation = first_generation;
    for (const auto& member : image.layout.devices) {
        super.total_bytes = super.total_bytes + member.size_bytes;
    }
    super.bytes_used = image.space.used_bytes();
    super.root_dir_objectid = btrfs::root_tree_dir_id;
    super.num_devices = image.layout.devices.size();
    super.sectorsize = parameters.geometry.sectorsize;
    super.nodesize = parameters.geometry.nodesize;
    super.leafsize = parameters.geometry.nodesize;
    super.stripesize = parameters.geometry.sectorsize;
    super.compat_ro_flags = parameters.geometry.compat_ro_flags;
    super.incompat_flags = parameters.geometry.incompat_flags;
    super.csum_type = static_cast<u16>(parameters.geometry.csum_type);
    super.dev_item = device_item(parameters, image.layout.devices[device]);
    std::ranges::copy(parameters.label, super.label.begin());
    super.cache_generation = parameters.features.has_free_space_tree() ? 0 : cache_not_built;
    // The uuid tree is complete: the kernel need not look for subvolumes that it lacks.
    super.uuid_tree_generation = first_generation;
    add_system_chunks(super, parameters, image.layout);
    super.backup_roots.front() = backup_of(super, image.trees);
    return super;
}

Result<void> write_superblocks(const Parameters& parameters, const BuiltImage& image,
                               std::span<WritableDevice* const> devices) {
    const auto [primary, mirrors] =
        std::pair(std::span(btrfs::superblock_offsets).first(1), std::span(btrfs::superblock_offsets).subspan(1));
    for (const auto offsets : {primary, mirrors}) {
        for (const auto pass : {Pass::write, Pass::check}) {
            for (std::size_t i = 0; i < devices.size(); ++i) {
                BTRKIT_TRY(for_each_copy(superblock_of(parameters, image, i), offsets, *devices[i], pass));
            }
            BTRKIT_TRY(pass == Pass::write ? flush_all(devices) : Result<void>{});
        }
    }
    return {};
}

Result<void> erase_superblocks(std::span<WritableDevice* const> devices, const Layout& layout) {
    const std::vector<std::byte> zeros(btrfs::superblock_size);
    for (std::size_t i = 0; i < devices.size(); ++i) {
        for (const u64 offset : btrfs::superblock_offsets) {
            if (!has_room(layout.devices[i].size_bytes, offset)) {
                continue;
            }
            BTRKIT_TRY(devices[i]->write(offset, zeros));
        }
    }
    return flush_all(devices);
}

} // namespace btrkit::mkfs

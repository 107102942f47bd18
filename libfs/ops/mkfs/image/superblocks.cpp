// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/superblocks.h"

#include "libfs/ops/mkfs/image/trees.h"
#include "libfs/volume/backup_roots.h"
#include "libfs/volume/sys_chunk_array.h"

#include <algorithm>

namespace btrkit::mkfs {

namespace {

/// What a filesystem without a free space tree says: the old cache is wanted, but not there yet.
constexpr u64 cache_not_built = ~u64{0};

Result<void> add_system_chunks(btrfs::Superblock& super, const Layout& layout) {
    std::vector<std::vector<std::byte>> bodies;
    std::vector<SystemChunkItem> items;
    for (const auto& chunk : layout.system) {
        bodies.push_back(chunk_item(chunk, super.sectorsize));
        items.push_back({.key = chunk_key(chunk), .body = bodies.back()});
    }
    return set_system_chunk_items(super, items);
}

NotedRoots noted_roots(const AllTrees& trees) {
    const auto noted = [&](u64 id) {
        const BuiltTree& built = trees.find(id);
        return NotedRoot{.bytenr = built.root.bytenr, .generation = first_generation, .level = built.level};
    };
    return {.extent = noted(btrfs::extent_tree_id),
            .fs = noted(btrfs::fs_tree_id),
            .dev = noted(btrfs::dev_tree_id),
            .csum = noted(btrfs::csum_tree_id)};
}

Result<btrfs::Superblock> superblock_of(const Parameters& parameters, const BuiltImage& image,
                                        const DeviceSpace& device) {
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
    super.dev_item = device_item_of(parameters, device);
    std::ranges::copy(parameters.label, super.label.begin());
    super.cache_generation = parameters.features.has_free_space_tree() ? 0 : cache_not_built;
    // The uuid tree is complete: the kernel need not look for subvolumes that it lacks.
    super.uuid_tree_generation = first_generation;
    BTRKIT_TRY(add_system_chunks(super, image.layout));
    super.backup_roots.front() = root_backup(super, noted_roots(image.trees));
    return super;
}

} // namespace

Result<std::vector<btrfs::Superblock>> superblocks_of(const Parameters& parameters, const BuiltImage& image) {
    std::vector<btrfs::Superblock> supers;
    for (const auto& device : image.layout.devices) {
        BTRKIT_TRY_ASSIGN(supers.emplace_back(), superblock_of(parameters, image, device));
    }
    return supers;
}

} // namespace btrkit::mkfs

// SPDX-License-Identifier: MIT
#include "tests/support/sample_superblock.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "tests/support/volume_image.h"

namespace btrkit::test {

namespace {

constexpr u64 sys_chunk_start = 22 * mib;
constexpr u64 sys_chunk_length = 8 * mib;

void set_device(btrfs::Superblock& super) {
    auto& device = super.dev_item;
    device.devid = 1;
    device.total_bytes = sample_device_bytes;
    device.bytes_used = 64 * mib;
    device.io_align = device.io_width = device.sector_size = 4096;
    device.uuid = uuid_of(0xd1);
    device.fsid = super.fsid;
}

void set_sys_chunk(btrfs::Superblock& super) {
    struct Entry {
        btrfs::DiskKey key;
        btrfs::ChunkItem chunk;
        std::array<btrfs::StripeItem, 2> stripes;
    } entry;
    entry.key = btrfs::DiskKey::from({btrfs::first_chunk_tree_objectid, btrfs::item_type::chunk_item, sys_chunk_start});
    entry.chunk.length = sys_chunk_length;
    entry.chunk.owner = btrfs::extent_tree_id;
    entry.chunk.stripe_len = btrfs::raid_stripe_length;
    entry.chunk.io_align = entry.chunk.io_width = btrfs::raid_stripe_length;
    entry.chunk.type = btrfs::block_group_system | btrfs::block_group_dup;
    entry.chunk.sector_size = 4096;
    entry.chunk.num_stripes = 2;
    entry.chunk.sub_stripes = 1;
    for (auto& stripe : entry.stripes) {
        stripe.devid = 1;
        stripe.dev_uuid = super.dev_item.uuid;
    }
    entry.stripes[0].offset = sys_chunk_start;
    entry.stripes[1].offset = sys_chunk_start + sys_chunk_length;
    static_assert(sizeof(entry) == 129);
    std::memcpy(super.sys_chunk_array.data(), &entry, sizeof(entry));
    super.sys_chunk_array_size = sizeof(entry);
}

void set_backup(btrfs::Superblock& super) {
    auto& backup = super.backup_roots[1];
    backup.tree_root = super.root;
    backup.tree_root_gen = super.generation;
    backup.chunk_root = super.chunk_root;
    backup.chunk_root_gen = super.chunk_root_generation;
    backup.extent_root = 30588928;
    backup.extent_root_gen = 17;
    backup.extent_root_level = 1;
    backup.total_bytes = super.total_bytes;
    backup.bytes_used = super.bytes_used;
    backup.num_devices = 1;
}

} // namespace

btrfs::Superblock sample_superblock(u64 offset) {
    btrfs::Superblock super;
    super.fsid = uuid_of(0xf5);
    super.bytenr = offset;
    super.flags = btrfs::super_flag_written;
    super.magic = btrfs::superblock_magic;
    super.generation = 18;
    super.root = 30507008;
    super.chunk_root = sys_chunk_start;
    super.total_bytes = sample_device_bytes;
    super.bytes_used = 2 * mib;
    super.root_dir_objectid = btrfs::root_tree_dir_id;
    super.num_devices = 1;
    super.sectorsize = 4096;
    super.nodesize = super.leafsize = 16384;
    super.stripesize = 4096;
    super.chunk_root_generation = 9;
    super.compat_ro_flags = btrfs::compat_ro_free_space_tree | btrfs::compat_ro_free_space_tree_valid;
    super.incompat_flags = btrfs::incompat_mixed_backref | btrfs::incompat_big_metadata |
                           btrfs::incompat_extended_iref | btrfs::incompat_skinny_metadata | btrfs::incompat_no_holes;
    constexpr std::string_view label = "sample";
    std::ranges::copy(label, super.label.begin());
    super.uuid_tree_generation = 18;
    set_device(super);
    set_sys_chunk(super);
    set_backup(super);
    seal(super);
    return super;
}

void seal(btrfs::Superblock& super) {
    const auto* type = btrfs::find_csum_type(super.csum_type);
    super.csum =
        checksum(type != nullptr ? type->type : btrfs::CsumType::crc32c, as_bytes_of(super).subspan(super.csum.size()));
}

btrfs::ChunkItem& first_sys_chunk(btrfs::Superblock& super) {
    return *reinterpret_cast<btrfs::ChunkItem*>(super.sys_chunk_array.data() + sizeof(btrfs::DiskKey));
}

std::vector<SuperblockAt> sample_mirrors(u64 size_bytes) {
    std::vector<SuperblockAt> mirrors;
    for (const u64 offset : btrfs::superblock_offsets) {
        if (offset + btrfs::superblock_size <= size_bytes) {
            mirrors.push_back({offset, sample_superblock(offset)});
        }
    }
    return mirrors;
}

} // namespace btrkit::test

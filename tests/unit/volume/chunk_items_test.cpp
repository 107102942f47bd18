// SPDX-License-Identifier: MIT
// Chunks, devices, the system array and backups of roots as bytes, and back.
#include "libfs/volume/chunk_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/volume/backup_roots.h"
#include "libfs/volume/sys_chunk_array.h"
#include "tests/support/volume_image.h"

#include <doctest/doctest.h>

namespace chunk_items_test {

using namespace btrkit;
using btrkit::test::sample_superblock;
using btrkit::test::uuid_of;

namespace {

Chunk chunk_with(u64 type, u32 stripes, u64 start = 64 * mib) {
    Chunk chunk{.start = {start}, .length = 24 * mib, .type = type, .sub_stripes = 0, .stripes = {}};
    chunk.sub_stripes = chunk.profile().sub_stripes;
    for (u32 i = 0; i < stripes; ++i) {
        chunk.stripes.push_back({i + 1, mib * (i + 1), uuid_of(static_cast<u8>(i + 1))});
    }
    return chunk;
}

} // namespace

TEST_CASE("a chunk becomes the item that it is parsed from, and the checks have nothing against it") {
    struct Shape {
        u64 profile;
        u32 stripes;
    };
    for (const auto& [profile, stripes] :
         {Shape{0, 1}, Shape{btrfs::block_group_dup, 2}, Shape{btrfs::block_group_raid0, 3},
          Shape{btrfs::block_group_raid1c3, 3}, Shape{btrfs::block_group_raid10, 4}, Shape{btrfs::block_group_raid5, 4},
          Shape{btrfs::block_group_raid6, 5}}) {
        CAPTURE(profile);
        const auto chunk = chunk_with(btrfs::block_group_data | profile, stripes);
        const auto item = chunk_item(chunk, 4096);
        CHECK(item == test::chunk_item(chunk)); // which the tests put together by themselves
        CHECK(check_chunk(chunk_key(chunk), item, geometry_of(sample_superblock())).empty());
        const auto parsed = parse_chunk(chunk_key(chunk), item);
        REQUIRE(parsed);
        CHECK(parsed->start == chunk.start);
        CHECK(parsed->length == chunk.length);
        CHECK(parsed->type == chunk.type);
        CHECK(parsed->sub_stripes == chunk.sub_stripes);
        CHECK(chunk_item(*parsed, 4096) == item);
        const auto extent = device_extent(chunk, uuid_of(9));
        CHECK(extent.chunk_offset == 64 * mib);
        CHECK(extent.length == chunk.stripe_length_bytes());
        CHECK(extent.chunk_tree_uuid == uuid_of(9));
    }
}

TEST_CASE("a device becomes the item that superblocks hold") {
    const auto super = sample_superblock();
    const auto& known = super.dev_item;
    const auto item = device_item(
        {.devid = known.devid, .uuid = known.uuid, .total_bytes = known.total_bytes, .used_bytes = known.bytes_used},
        geometry_of(super));
    CHECK(std::memcmp(&item, &known, sizeof(item)) == 0);
    // Devices carry what tree blocks carry.
    auto renamed = super;
    renamed.incompat_flags = renamed.incompat_flags | btrfs::incompat_metadata_uuid;
    renamed.metadata_uuid = uuid_of(7);
    CHECK(device_item({}, geometry_of(renamed)).fsid == uuid_of(7));
}

TEST_CASE("the system array is put together as it is taken apart") {
    auto super = sample_superblock();
    const auto before = super;
    REQUIRE(set_system_chunk_items(super, system_chunk_items(before).items));
    CHECK(super.sys_chunk_array == before.sys_chunk_array);
    CHECK(super.sys_chunk_array_size == before.sys_chunk_array_size);

    const auto first = chunk_with(btrfs::block_group_system | btrfs::block_group_raid10, 4);
    const auto second = chunk_with(btrfs::block_group_system, 1, 256 * mib);
    const auto bodies = std::array{chunk_item(first, 4096), chunk_item(second, 4096)};
    const auto items =
        std::array{SystemChunkItem{chunk_key(first), bodies[0]}, SystemChunkItem{chunk_key(second), bodies[1]}};
    REQUIRE(set_system_chunk_items(super, items));
    const auto array = system_chunk_items(super);
    CHECK(array.damage.empty());
    REQUIRE(array.items.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(array.items[i].key == items[i].key);
        CHECK(std::ranges::equal(array.items[i].body, items[i].body));
    }
    // Nothing of what was longer before is left behind it.
    REQUIRE(set_system_chunk_items(super, std::span(items).subspan(1)));
    CHECK(std::ranges::all_of(std::span(super.sys_chunk_array).subspan(super.sys_chunk_array_size),
                              [](auto byte) { return byte == 0; }));
}

TEST_CASE("the system array takes 2048 bytes and no more") {
    auto super = sample_superblock();
    constexpr std::size_t key_bytes = sizeof(btrfs::DiskKey);
    const std::vector<std::byte> bytes(2048 - key_bytes + 1, std::byte{3});
    const btrfs::Key key{btrfs::first_chunk_tree_objectid, btrfs::item_type::chunk_item, 5};
    const auto before = super;
    const auto refused = set_system_chunk_items(super, std::array{SystemChunkItem{key, bytes}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::no_space);
    CHECK(std::memcmp(&super, &before, sizeof(super)) == 0);
    REQUIRE(set_system_chunk_items(super, std::array{SystemChunkItem{key, std::span(bytes).subspan(1)}}));
    CHECK(super.sys_chunk_array_size == 2048);
    CHECK(super.sys_chunk_array.back() == 3);
}

TEST_CASE("a backup notes the roots of the superblock and those that it is told") {
    auto super = sample_superblock();
    super.root_level = 1;
    super.chunk_root_level = 2;
    const auto backup = root_backup(
        super, {.extent = {1 * mib, 11, 3}, .fs = {2 * mib, 12, 4}, .dev = {3 * mib, 13, 5}, .csum = {4 * mib, 14, 6}});
    CHECK(backup.tree_root == super.root);
    CHECK(backup.tree_root_gen == super.generation);
    CHECK(backup.tree_root_level == 1);
    CHECK(backup.chunk_root == super.chunk_root);
    CHECK(backup.chunk_root_gen == super.chunk_root_generation);
    CHECK(backup.chunk_root_level == 2);
    CHECK(backup.extent_root == 1 * mib);
    CHECK(backup.extent_root_gen == 11);
    CHECK(backup.extent_root_level == 3);
    CHECK(backup.fs_root == 2 * mib);
    CHECK(backup.fs_root_gen == 12);
    CHECK(backup.fs_root_level == 4);
    CHECK(backup.dev_root == 3 * mib);
    CHECK(backup.dev_root_gen == 13);
    CHECK(backup.dev_root_level == 5);
    CHECK(backup.csum_root == 4 * mib);
    CHECK(backup.csum_root_gen == 14);
    CHECK(backup.csum_root_level == 6);
    CHECK(backup.total_bytes == super.total_bytes);
    CHECK(backup.bytes_used == super.bytes_used);
    CHECK(backup.num_devices == super.num_devices);
}

TEST_CASE("backups rotate: the next is behind the newest") {
    auto super = sample_superblock();
    super.backup_roots = {};
    CHECK(next_backup_slot(super) == 0);
    for (std::size_t newest = 0; newest < 4; ++newest) {
        super.backup_roots = {};
        super.backup_roots[(newest + 3) % 4].tree_root_gen = super.generation - 1;
        super.backup_roots[newest].tree_root_gen = u64{super.generation};
        CHECK(next_backup_slot(super) == (newest + 1) % 4);
    }
}

} // namespace chunk_items_test

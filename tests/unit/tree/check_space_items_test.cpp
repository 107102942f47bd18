// SPDX-License-Identifier: MIT
// The rules for BLOCK_GROUP_ITEM and the free space tree.
#include "tests/unit/tree/item_findings.h"

namespace check_space_items_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

constexpr btrfs::Key a_group{mib, type::block_group_item, 8 * mib};

Geometry geometry_with(u64 incompat) {
    Geometry geometry = sample_geometry();
    geometry.incompat_flags |= incompat;
    return geometry;
}

template <class Change>
std::string group_findings(Change change, const Geometry& geometry = sample_geometry()) {
    return findings({{a_group, changed(valid_block_group(), change)}}, btrfs::extent_tree_id, geometry);
}

std::string flag_findings(u64 flags, const Geometry& geometry = sample_geometry()) {
    return group_findings([&](auto& group) { group.flags = flags; }, geometry);
}

std::string tail_findings(u64 remap_bytes, u32 identity_remaps, u64 flags = btrfs::block_group_data) {
    auto group = valid_block_group();
    group.flags = flags;
    const btrfs::BlockGroupRemapTail tail{.remap_bytes = remap_bytes, .identity_remap_count = identity_remaps};
    return findings({{a_group, bytes_from(group, tail)}}, btrfs::extent_tree_id,
                    geometry_with(btrfs::incompat_remap_tree));
}

LeafItem info(u64 start, u64 length, u32 flags = 0, u32 count = 1) {
    return {{start, type::free_space_info, length},
            bytes_from(btrfs::FreeSpaceInfo{.extent_count = count, .flags = flags})};
}
LeafItem free_extent(u64 start, u64 length) {
    return {{start, type::free_space_extent, length}};
}
LeafItem bitmap(u64 start, u64 length, std::size_t size) {
    return {{start, type::free_space_bitmap, length}, std::vector<std::byte>(size)};
}
std::string free_findings(const std::vector<LeafItem>& items) {
    return findings(items, btrfs::free_space_tree_id);
}

} // namespace

TEST_CASE("block groups: length, use, owner") {
    CHECK(group_findings([](auto& group) { group.used = 8 * mib; }) == "");
    CHECK(group_findings([](auto& group) { group.used = 8 * mib + 1; }) == "item-block-group");
    CHECK(group_findings([](auto& group) { group.chunk_objectid = 257; }) == "item-block-group");
    auto empty = valid_block_group();
    empty.used = 0;
    CHECK(findings({{{mib, type::block_group_item, 0}, bytes_from(empty)}}, btrfs::extent_tree_id) ==
          "item-block-group");
}

TEST_CASE("block groups name their global root under extent-tree-v2") {
    Geometry geometry = geometry_with(btrfs::incompat_extent_tree_v2);
    const auto with_id = [&](u64 id) {
        return group_findings([&](auto& group) { group.chunk_objectid = id; }, geometry);
    };
    CHECK(with_id(9) == ""); // nothing is known of the number of roots
    geometry.global_root_count = 2;
    CHECK(with_id(1) == "");
    CHECK(with_id(2) == "item-block-group");
}

TEST_CASE("block group flags: one profile, one possible type") {
    CHECK(flag_findings(btrfs::block_group_metadata | btrfs::block_group_dup) == "");
    CHECK(flag_findings(btrfs::block_group_system) == "");
    CHECK(flag_findings(btrfs::block_group_data | btrfs::block_group_metadata) == "");
    CHECK(flag_findings(btrfs::block_group_data | btrfs::block_group_dup | btrfs::block_group_raid1) ==
          "item-block-group");
    CHECK(flag_findings(0) == "item-block-group");
    CHECK(flag_findings(btrfs::block_group_data | btrfs::block_group_system) == "item-block-group");
    CHECK(flag_findings(btrfs::block_group_data | btrfs::block_group_remapped) == "item-block-group");
}

TEST_CASE("block groups are longer with the remap tree") {
    CHECK(findings({{a_group, bytes_from(valid_block_group(), btrfs::BlockGroupRemapTail{})}}, btrfs::extent_tree_id) ==
          "item-size");
    CHECK(group_findings([](auto&) {}, geometry_with(btrfs::incompat_remap_tree)) == "item-size");
    CHECK(tail_findings(8 * mib, 2048) == "");
    CHECK(tail_findings(8 * mib + 1, 0) == "item-block-group");
    CHECK(tail_findings(0, 2049) == "item-block-group");
    CHECK(tail_findings(0, 0, btrfs::block_group_data | btrfs::block_group_remapped) == "");
    CHECK(tail_findings(0, 0, btrfs::block_group_metadata_remap) == "");
    CHECK(tail_findings(0, 0, btrfs::block_group_metadata_remap | btrfs::block_group_data) == "item-block-group");
}

TEST_CASE("free space information") {
    CHECK(free_findings({info(mib, mib, 1, 256)}) == "");
    CHECK(free_findings({info(mib, mib, 0, 257)}) == "item-free-space");
    CHECK(free_findings({info(mib, mib, 2)}) == "item-free-space");
    CHECK(free_findings({info(mib + 1, mib)}) == "item-free-space");
    CHECK(free_findings({info(mib, mib + 1)}) == "item-free-space");
    CHECK(free_findings({info(mib, ~u64{4095})}) == "item-free-space");
}

TEST_CASE("ranges of free space") {
    CHECK(free_findings({free_extent(mib, 4096)}) == "");
    CHECK(free_findings({free_extent(mib, 0)}) == "item-free-space");
    CHECK(free_findings({free_extent(mib + 1, 4096)}) == "item-free-space");
    CHECK(free_findings({free_extent(mib, 4097)}) == "item-free-space");
    CHECK(free_findings({free_extent(mib, ~u64{4095})}) == "item-free-space");
}

TEST_CASE("bitmaps have a bit for each sector") {
    CHECK(free_findings({bitmap(mib, 9 * 4096, 2)}) == "");
    CHECK(free_findings({bitmap(mib, 8 * 4096, 2)}) == "item-size");
    CHECK(free_findings({bitmap(mib, 17 * 4096, 2)}) == "item-size");
}

TEST_CASE("ranges lie in their block group and are of its kind") {
    CHECK(free_findings({info(mib, mib), free_extent(mib + 4096, mib - 4096)}) == "");
    CHECK(free_findings({info(mib, mib), free_extent(mib + 4096, mib)}) == "item-free-space");
    CHECK(free_findings({info(mib, mib), bitmap(mib, mib, 32)}) == "item-free-space");
    CHECK(free_findings({info(mib, mib, 1), bitmap(mib, mib, 32)}) == "");
    CHECK(free_findings({info(mib, mib, 1), free_extent(mib, mib)}) == "item-free-space");
}

TEST_CASE("ranges don't overlap and don't change their kind") {
    CHECK(free_findings({free_extent(mib, 4096), free_extent(mib + 4096, 4096)}) == "");
    CHECK(free_findings({free_extent(mib, 8192), free_extent(mib + 4096, 4096)}) == "item-free-space");
    CHECK(free_findings({free_extent(mib, 4096), bitmap(mib + 4096, mib, 32)}) == "item-free-space");
}

} // namespace check_space_items_test

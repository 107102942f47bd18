// SPDX-License-Identifier: MIT
#include "tests/unit/tree/item_findings.h"

#include "libfs/base/checksum.h"

namespace btrkit::test {

namespace {

u64 hash_of(std::string_view name) {
    return name_hash(std::as_bytes(std::span(name)));
}

ValidLeaf subvolume_leaf() {
    const auto named_ref = bytes_from(btrfs::InodeRef{.index = 2, .name_len = 4}, "file");
    const auto two_extrefs = bytes_from(btrfs::InodeExtref{.parent = 256, .index = 3, .name_len = 2}, "x1",
                                        btrfs::InodeExtref{.parent = 256, .index = 4, .name_len = 2}, "x2");
    using enum btrfs::FileType;
    return {"subvolume",
            btrfs::fs_tree_id,
            sample_geometry(),
            {
                {{256, type::inode_item, 0}, bytes_from(valid_inode(040755))},
                {{256, type::inode_ref, 256}, bytes_from(btrfs::InodeRef{.index = 0, .name_len = 2}, "..")},
                {{256, type::dir_item, hash_of("file")}, dir_entry({257, type::inode_item, 0}, regular, "file")},
                {{256, type::dir_index, 2}, dir_entry({257, type::inode_item, 0}, regular, "file")},
                {{256, type::dir_index, 3}, dir_entry({300, type::root_item, ~u64{0}}, directory, "sub")},
                {{257, type::inode_item, 0}, bytes_from(valid_inode(0100644))},
                {{257, type::inode_ref, 256}, named_ref},
                {{257, type::inode_extref, 77}, two_extrefs},
                {{257, type::xattr_item, hash_of("user.a")}, dir_entry({}, xattr, "user.a", "value")},
                {{257, type::verity_desc_item, 0}, bytes_from(btrfs::VerityDescriptorItem{})},
                {{257, type::extent_data, 0},
                 bytes_from(valid_extent_head(btrfs::FileExtentType::inline_data, 5), "hello")},
                {{257, type::extent_data, 4096},
                 bytes_from(valid_extent_head(btrfs::FileExtentType::regular, 8192), valid_extent_range(8192))},
                {{257, type::extent_data, 12288},
                 bytes_from(valid_extent_head(btrfs::FileExtentType::prealloc, 4096), valid_extent_range(4096))},
                {{btrfs::orphan_objectid, type::orphan_item, 257}},
            }};
}

ValidLeaf log_leaf() {
    return {"log tree",
            btrfs::tree_log_id,
            sample_geometry(),
            {
                {{256, type::dir_log_index, 2}, bytes_from(btrfs::DirLogItem{.end = 9})},
                {{257, type::inode_item, 0},
                 changed(valid_inode(0100644), [](auto& inode) { inode.generation = inode.transid = 101; })},
                {{258, type::extent_data, 0},
                 bytes_from(valid_extent_head(btrfs::FileExtentType::regular, 4096), valid_extent_range(4096))},
            }};
}

ValidLeaf root_leaf() {
    const auto legacy = bytes_from(valid_root());
    return {
        "root tree",
        btrfs::root_tree_id,
        sample_geometry(),
        {
            {{btrfs::extent_tree_id, type::root_item, 0}, bytes_from(valid_root())},
            {{btrfs::fs_tree_id, type::root_item, 0}, {legacy.begin(), legacy.begin() + btrfs::legacy_root_item_size}},
            {{btrfs::fs_tree_id, type::root_ref, 300},
             bytes_from(btrfs::RootRef{.dirid = 256, .sequence = 3, .name_len = 3}, "sub")},
            {{btrfs::root_tree_dir_id, type::inode_item, 0}, bytes_from(valid_inode(040755))},
            {{300, type::root_backref, btrfs::fs_tree_id},
             bytes_from(btrfs::RootRef{.dirid = 256, .sequence = 3, .name_len = 3}, "sub")},
            {{btrfs::free_space_objectid, type::untyped, mib}, bytes_from(btrfs::FreeSpaceHeader{})},
            {{btrfs::tree_reloc_id, type::root_item, btrfs::fs_tree_id}, bytes_from(valid_root())},
            {{btrfs::balance_objectid, type::temporary_item, 0}, bytes_from(btrfs::BalanceItem{})},
        }};
}

ValidLeaf extent_leaf() {
    constexpr u64 data = btrfs::extent_flag_data;
    constexpr u64 block = btrfs::extent_flag_tree_block;
    const auto both_data = joined({bytes_from(extent_head(3, data)), block_ref(type::extent_owner_ref, 5),
                                   data_ref(5, 257, 0, 1), shared_data_ref(30 * mib, 2)});
    const auto both_blocks = joined({bytes_from(extent_head(3, block)), block_ref(type::tree_block_ref, 300),
                                     block_ref(type::tree_block_ref, 5), block_ref(type::shared_block_ref, 30 * mib)});
    return {"extent tree",
            btrfs::extent_tree_id,
            sample_geometry(),
            {
                {{mib, type::extent_item, 8192}, both_data},
                {{mib, type::extent_data_ref, 1}, data_ref_body(5, 257, 0, 1)},
                {{mib, type::shared_data_ref, 30 * mib}, bytes_from(btrfs::SharedDataRef{.count = 1})},
                {{2 * mib, type::extent_item, 4096}, bytes_from(extent_head(1, block), btrfs::TreeBlockInfo{})},
                {{2 * mib, type::tree_block_ref, 5}},
                {{2 * mib, type::shared_block_ref, 30 * mib}},
                {{2 * mib + 4096, type::metadata_item, 1}, both_blocks},
                {{4 * mib, type::block_group_item, 8 * mib}, bytes_from(valid_block_group())},
            }};
}

ValidLeaf chunk_leaf() {
    return {"chunk tree",
            btrfs::chunk_tree_id,
            sample_geometry(),
            {
                {{btrfs::dev_items_objectid, type::dev_item, 1}, bytes_from(valid_device())},
                {{btrfs::first_chunk_tree_objectid, type::chunk_item, mib}, valid_chunk()},
            }};
}

ValidLeaf device_leaf() {
    return {"device tree",
            btrfs::dev_tree_id,
            sample_geometry(),
            {
                {{0, type::persistent_item, 1}, bytes_from(btrfs::DevStatsItem{})},
                {{0, type::dev_replace, 0}, bytes_from(btrfs::DevReplaceItem{})},
                {{1, type::dev_extent, mib}, bytes_from(valid_dev_extent())},
                {{1, type::dev_extent, 9 * mib}, bytes_from(valid_dev_extent())},
            }};
}

ValidLeaf csum_leaf() {
    return {"checksum tree",
            btrfs::csum_tree_id,
            sample_geometry(),
            {
                {{btrfs::extent_csum_objectid, type::extent_csum, mib}, std::vector<std::byte>(8)},
                {{btrfs::extent_csum_objectid, type::extent_csum, mib + 8192}, std::vector<std::byte>(4)},
            }};
}

ValidLeaf free_space_leaf() {
    const btrfs::FreeSpaceInfo extents{.extent_count = 2, .flags = 0};
    const btrfs::FreeSpaceInfo bitmaps{.extent_count = 1, .flags = btrfs::free_space_using_bitmaps};
    return {"free space tree",
            btrfs::free_space_tree_id,
            sample_geometry(),
            {
                {{mib, type::free_space_info, mib}, bytes_from(extents)},
                {{mib, type::free_space_extent, 4096}},
                {{mib + 8192, type::free_space_extent, mib - 8192}},
                {{8 * mib, type::free_space_info, 9 * mib}, bytes_from(bitmaps)},
                {{8 * mib, type::free_space_bitmap, 8 * mib}, std::vector<std::byte>(256)},
                {{16 * mib, type::free_space_bitmap, mib}, std::vector<std::byte>(32)},
            }};
}

ValidLeaf quota_leaf() {
    return {"quota tree",
            btrfs::quota_tree_id,
            sample_geometry(),
            {
                {{0, type::qgroup_status, 0}, bytes_from(btrfs::QgroupStatusItem{})},
                {{0, type::qgroup_info, 5}, bytes_from(btrfs::QgroupInfoItem{})},
                {{0, type::qgroup_limit, 5}, bytes_from(btrfs::QgroupLimitItem{})},
                {{5, type::qgroup_relation, u64{1} << 48}},
            }};
}

ValidLeaf uuid_leaf() {
    return {"uuid tree",
            btrfs::uuid_tree_id,
            sample_geometry(),
            {
                {{1, type::uuid_key_subvol, 2}, bytes_from(btrfs::le64{5})},
                {{1, type::uuid_key_received_subvol, 2}, bytes_from(btrfs::le64{300}, btrfs::le64{301})},
            }};
}

ValidLeaf raid_stripe_leaf() {
    Geometry geometry = sample_geometry();
    geometry.incompat_flags |= btrfs::incompat_raid_stripe_tree;
    return {"raid stripe tree",
            btrfs::raid_stripe_tree_id,
            geometry,
            {{{mib, type::raid_stripe, 65536}, bytes_from(btrfs::RaidStride{.devid = 1, .physical = mib})}}};
}

ValidLeaf remap_leaf() {
    Geometry geometry = sample_geometry();
    geometry.incompat_flags |= btrfs::incompat_remap_tree;
    return {"remapped block groups",
            btrfs::block_group_tree_id,
            geometry,
            {{{mib, type::block_group_item, 8 * mib}, bytes_from(valid_block_group(), btrfs::BlockGroupRemapTail{})},
             {{16 * mib, type::identity_remap, mib}},
             {{17 * mib, type::remap, mib}, bytes_from(btrfs::RemapItem{})}}};
}

} // namespace

std::string ids_of(const Problems& problems) {
    std::string ids;
    for (const auto& problem : problems) {
        ids += ids.empty() ? "" : " ";
        ids += problem_info(problem.code).id;
    }
    return ids;
}

Problems problems_of(const std::vector<LeafItem>& items, u64 owner, const Geometry& geometry) {
    const BlockIdentity identity{.owner = owner};
    const Block block = build_leaf(geometry, identity, items);
    Problems problems;
    const auto leaf = TreeBlock::prove(block, geometry, {.address = {identity.address}}, problems);
    INFO("not proven: " << ids_of(problems));
    REQUIRE(leaf);
    check_items(*leaf, geometry, owner, problems);
    return problems;
}

std::string findings(const std::vector<LeafItem>& items, u64 owner, const Geometry& geometry) {
    return ids_of(problems_of(items, owner, geometry));
}

std::vector<ValidLeaf> valid_leaves() {
    return {subvolume_leaf(), log_leaf(),        root_leaf(),  extent_leaf(), chunk_leaf(),       device_leaf(),
            csum_leaf(),      free_space_leaf(), quota_leaf(), uuid_leaf(),   raid_stripe_leaf(), remap_leaf()};
}

btrfs::InodeItem valid_inode(u32 mode) {
    btrfs::InodeItem inode;
    inode.generation = 7;
    inode.transid = 100;
    inode.nlink = 1;
    inode.mode = mode;
    return inode;
}

btrfs::RootItem valid_root() {
    btrfs::RootItem root;
    root.generation = root.generation_v2 = 100;
    root.bytenr = 30 * mib;
    root.refs = 1;
    return root;
}

btrfs::FileExtentHead valid_extent_head(btrfs::FileExtentType extent_type, u64 ram_bytes) {
    btrfs::FileExtentHead head;
    head.generation = 100;
    head.ram_bytes = ram_bytes;
    head.type = static_cast<u8>(extent_type);
    return head;
}

btrfs::FileExtentRange valid_extent_range(u64 num_bytes) {
    return {.disk_bytenr = mib, .disk_num_bytes = num_bytes, .offset = 0, .num_bytes = num_bytes};
}

std::vector<std::byte> block_ref(u8 ref_type, u64 offset) {
    return bytes_from(btrfs::InlineRef{.type = ref_type, .offset = offset});
}

std::vector<std::byte> data_ref_body(u64 root, u64 objectid, u64 offset, u32 count) {
    return bytes_from(btrfs::ExtentDataRef{.root = root, .objectid = objectid, .offset = offset, .count = count});
}

std::vector<std::byte> data_ref(u64 root, u64 objectid, u64 offset, u32 count) {
    return joined({bytes_from(u8{type::extent_data_ref}), data_ref_body(root, objectid, offset, count)});
}

std::vector<std::byte> shared_data_ref(u64 parent, u32 count) {
    return joined({block_ref(type::shared_data_ref, parent), bytes_from(btrfs::SharedDataRef{.count = count})});
}

btrfs::ExtentItem extent_head(u64 refs, u64 flags) {
    return {.refs = refs, .generation = 100, .flags = flags};
}

btrfs::BlockGroupItem valid_block_group() {
    return {.used = 4096,
            .chunk_objectid = btrfs::first_chunk_tree_objectid,
            .flags = btrfs::block_group_data | btrfs::block_group_raid1};
}

btrfs::DevItem valid_device() {
    btrfs::DevItem device;
    device.devid = 1;
    device.total_bytes = 64 * mib;
    device.bytes_used = 16 * mib;
    return device;
}

btrfs::DevExtent valid_dev_extent() {
    btrfs::DevExtent extent;
    extent.chunk_tree = btrfs::chunk_tree_id;
    extent.chunk_objectid = btrfs::first_chunk_tree_objectid;
    extent.chunk_offset = mib;
    extent.length = 8 * mib;
    return extent;
}

std::vector<std::byte> valid_chunk() {
    btrfs::ChunkItem chunk;
    chunk.length = 8 * mib;
    chunk.owner = btrfs::extent_tree_id;
    chunk.stripe_len = btrfs::raid_stripe_length;
    chunk.type = btrfs::block_group_data;
    chunk.sector_size = 4096;
    chunk.num_stripes = 1;
    chunk.sub_stripes = 1;
    btrfs::StripeItem stripe;
    stripe.devid = 1;
    stripe.offset = mib;
    return bytes_from(chunk, stripe);
}

} // namespace btrkit::test

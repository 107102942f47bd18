// SPDX-License-Identifier: MIT
// BLOCK_GROUP_ITEM and the free space tree's items.
#include "libfs/tree/item_check_context.h"

namespace btrkit {

namespace {

constexpr auto group_code = ProblemCode::item_block_group;
constexpr auto free_code = ProblemCode::item_free_space;
constexpr auto free_rule = KernelTrait::checks_free_space_items;
constexpr u64 known_free_space_flags = btrfs::known_flags(btrfs::free_space_info_flag_names);

void check_owner_id(const ItemCheck& item, u64 id) {
    const auto& geometry = item.geometry();
    if (geometry.has_incompat(btrfs::incompat_extent_tree_v2)) {
        if (geometry.global_root_count != 0 && id >= geometry.global_root_count) {
            item.report(group_code, "global root id {}, but there are {}", id, geometry.global_root_count);
        }
    } else if (id != btrfs::first_chunk_tree_objectid) {
        item.report(group_code, "chunk_objectid {} instead of {}", id, btrfs::first_chunk_tree_objectid);
    }
}

void check_group_flags(const ItemCheck& item, u64 flags) {
    constexpr u64 remap_bits = btrfs::block_group_remapped | btrfs::block_group_metadata_remap;
    if (btrfs::find_profile(flags) == nullptr) {
        item.report(group_code, "flags {:#x} have more than one profile", flags);
    }
    if ((flags & remap_bits) != 0 && !item.geometry().has_incompat(btrfs::incompat_remap_tree)) {
        item.report_for(KernelTrait::checks_group_flags, group_code,
                        "flags {:#x}, but the filesystem has no remap tree", flags);
    }
    const u64 type = flags & btrfs::block_group_type_mask;
    const bool is_remap = (flags & btrfs::block_group_metadata_remap) != 0;
    if (is_remap && type != 0) {
        item.report_for(KernelTrait::checks_group_flags, group_code, "flags {:#x} are of two types", flags);
        return;
    }
    switch (is_remap ? btrfs::block_group_metadata_remap : type) {
    case btrfs::block_group_data:
    case btrfs::block_group_metadata:
    case btrfs::block_group_system:
    case btrfs::block_group_metadata_remap:
    case btrfs::block_group_data | btrfs::block_group_metadata: break;
    default: item.report(group_code, "flags {:#x} are of no possible type", flags);
    }
}

void check_remap_tail(const ItemCheck& item) {
    const auto& tail = *view_at<btrfs::BlockGroupRemapTail>(item.data(), sizeof(btrfs::BlockGroupItem));
    const u64 length = item.key().offset;
    if (tail.remap_bytes > length) {
        item.report(group_code, "remap_bytes {}, but the length is {}", u64{tail.remap_bytes}, length);
    }
    if (tail.identity_remap_count > length / item.geometry().sectorsize) {
        item.report(group_code, "identity_remap_count {}, but the length is {}", u32{tail.identity_remap_count},
                    length);
    }
}

/// A range of the free space tree's: its key says where and how long.
bool check_range_key(const ItemCheck& item) {
    item.expect_aligned(free_code, "start", item.key().objectid, free_rule);
    item.expect_aligned(free_code, "length", item.key().offset, free_rule);
    if (!end_of(item.key().objectid, item.key().offset)) {
        item.report_for(free_rule, free_code, "length {} reaches beyond the last address", item.key().offset);
        return false;
    }
    return true;
}

/// Behind its block group's information a range lies inside the group and is of the kind that it names.
void check_against_info(const ItemCheck& item, const btrfs::Key& info_key) {
    const auto group_end = end_of(info_key.objectid, info_key.offset);
    if (group_end && *end_of(item.key().objectid, item.key().offset) > *group_end) {
        item.report_for(free_rule, free_code, "length {} reaches beyond the end of the block group at {}",
                        item.key().offset, *group_end);
    }
    const auto* info = view_at<btrfs::FreeSpaceInfo>(item.previous_data());
    const bool is_bitmap = item.key().type == btrfs::item_type::free_space_bitmap;
    if (info != nullptr && ((info->flags & btrfs::free_space_using_bitmaps) != 0) != is_bitmap) {
        item.report_for(free_rule, free_code, "{}, but the block group's flags are {:#x}",
                        is_bitmap ? "bitmap" : "extent", u32{info->flags});
    }
}

void check_against_range(const ItemCheck& item, const btrfs::Key& previous) {
    if (previous.type != item.key().type) {
        item.report_for(free_rule, free_code, "extents and bitmaps in one block group");
    }
    if (const auto end = end_of(previous.objectid, previous.offset); end && *end > item.key().objectid) {
        item.report_for(free_rule, free_code, "begins at {}, but the range before it ends at {}", item.key().objectid,
                        *end);
    }
}

} // namespace

void check_block_group(const ItemCheck& item) {
    const bool has_remap = item.geometry().has_incompat(btrfs::incompat_remap_tree);
    const std::size_t size = sizeof(btrfs::BlockGroupItem) + (has_remap ? sizeof(btrfs::BlockGroupRemapTail) : 0);
    const u64 length = item.key().offset;
    if (length == 0) {
        item.report(group_code, "length 0");
    }
    if (item.data().size() != size) {
        item.report(ProblemCode::item_size, "BLOCK_GROUP_ITEM has {} bytes instead of {}", item.data().size(), size);
        return;
    }
    const auto& group = item.body<btrfs::BlockGroupItem>();
    check_owner_id(item, group.chunk_objectid);
    check_group_flags(item, group.flags);
    if (group.used > length) {
        item.report(group_code, "used {}, but the length is {}", u64{group.used}, length);
    }
    if (has_remap) {
        check_remap_tail(item);
    }
}

void check_free_space_info(const ItemCheck& item) {
    const auto& info = item.body<btrfs::FreeSpaceInfo>();
    check_range_key(item);
    if (const u64 unknown = info.flags & ~known_free_space_flags; unknown != 0) {
        item.report_for(free_rule, free_code, "unknown flags {:#x}", unknown);
    }
    if (info.extent_count > item.key().offset / item.geometry().sectorsize) {
        item.report_for(free_rule, free_code, "extent_count {}, but the block group has {} bytes",
                        u32{info.extent_count}, item.key().offset);
    }
}

void check_free_space_range(const ItemCheck& item) {
    namespace type = btrfs::item_type;
    const u64 length = item.key().offset;
    if (length == 0) {
        item.report_for(free_rule, free_code, "length 0");
    }
    if (item.key().type == type::free_space_bitmap) {
        const u64 bits = length / item.geometry().sectorsize;
        if (const u64 bytes = bits / 8 + (bits % 8 != 0 ? 1 : 0); bytes != item.data().size()) {
            item.report_for(free_rule, ProblemCode::item_size, "bitmap of {} bytes, but a length of {} needs {}",
                            item.data().size(), length, bytes);
        }
    }
    if (!check_range_key(item)) {
        return;
    }
    if (const auto info = item.previous_of_type(type::free_space_info)) {
        check_against_info(item, *info);
        return;
    }
    for (const u8 range_type : {type::free_space_extent, type::free_space_bitmap}) {
        if (const auto previous = item.previous_of_type(range_type)) {
            return check_against_range(item, *previous);
        }
    }
    if (const auto previous = item.previous_type()) {
        item.report_for(free_rule, free_code, "behind an item of type {}", *previous);
    }
}

} // namespace btrkit

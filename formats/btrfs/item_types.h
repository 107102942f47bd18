// SPDX-License-Identifier: MIT
// The one table of item types. Names, size rules, dumps and tests derive from it.
#pragma once

#include "formats/btrfs/address_map.h"
#include "formats/btrfs/balance.h"
#include "formats/btrfs/block_group.h"
#include "formats/btrfs/chunk.h"
#include "formats/btrfs/device.h"
#include "formats/btrfs/dir.h"
#include "formats/btrfs/extent_ref.h"
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/free_space.h"
#include "formats/btrfs/inode.h"
#include "formats/btrfs/objectids.h"
#include "formats/btrfs/quota.h"
#include "formats/btrfs/root.h"
#include "formats/btrfs/verity.h"

namespace btrfs {

/// Item types by their number on disk. On disk: never change.
namespace item_type {
inline constexpr u8 untyped = 0;
inline constexpr u8 inode_item = 1;
inline constexpr u8 inode_ref = 12;
inline constexpr u8 inode_extref = 13;
inline constexpr u8 xattr_item = 24;
inline constexpr u8 verity_desc_item = 36;
inline constexpr u8 verity_merkle_item = 37;
inline constexpr u8 orphan_item = 48;
inline constexpr u8 dir_log_item = 60;
inline constexpr u8 dir_log_index = 72;
inline constexpr u8 dir_item = 84;
inline constexpr u8 dir_index = 96;
inline constexpr u8 extent_data = 108;
inline constexpr u8 csum_item = 120;
inline constexpr u8 extent_csum = 128;
inline constexpr u8 root_item = 132;
inline constexpr u8 root_backref = 144;
inline constexpr u8 root_ref = 156;
inline constexpr u8 extent_item = 168;
inline constexpr u8 metadata_item = 169;
inline constexpr u8 extent_owner_ref = 172;
inline constexpr u8 tree_block_ref = 176;
inline constexpr u8 extent_data_ref = 178;
inline constexpr u8 extent_ref_v0 = 180;
inline constexpr u8 shared_block_ref = 182;
inline constexpr u8 shared_data_ref = 184;
inline constexpr u8 block_group_item = 192;
inline constexpr u8 free_space_info = 198;
inline constexpr u8 free_space_extent = 199;
inline constexpr u8 free_space_bitmap = 200;
inline constexpr u8 dev_extent = 204;
inline constexpr u8 dev_item = 216;
inline constexpr u8 chunk_item = 228;
inline constexpr u8 raid_stripe = 230;
inline constexpr u8 identity_remap = 234;
inline constexpr u8 remap = 235;
inline constexpr u8 remap_backref = 236;
inline constexpr u8 qgroup_status = 240;
inline constexpr u8 qgroup_info = 242;
inline constexpr u8 qgroup_limit = 244;
inline constexpr u8 qgroup_relation = 246;
inline constexpr u8 temporary_item = 248;
inline constexpr u8 persistent_item = 249;
inline constexpr u8 dev_replace = 250;
inline constexpr u8 uuid_key_subvol = 251;
inline constexpr u8 uuid_key_received_subvol = 252;
inline constexpr u8 string_item = 253;
} // namespace item_type

inline constexpr u32 no_size_limit = ~u32{0};

/// One type: its number, the kernel's name, and the sizes that its body can have.
struct ItemTypeInfo {
    u8 type;
    std::string_view name;
    u32 min_size;
    u32 max_size;
};

namespace detail {
constexpr ItemTypeInfo exactly(u8 type, std::string_view name, std::size_t size) {
    return {type, name, static_cast<u32>(size), static_cast<u32>(size)};
}
constexpr ItemTypeInfo at_least(u8 type, std::string_view name, std::size_t size) {
    return {type, name, static_cast<u32>(size), no_size_limit};
}
} // namespace detail

inline constexpr std::array item_types = std::to_array<ItemTypeInfo>({
    detail::exactly(item_type::untyped, "UNTYPED", sizeof(FreeSpaceHeader)),
    detail::exactly(item_type::inode_item, "INODE_ITEM", sizeof(InodeItem)),
    detail::at_least(item_type::inode_ref, "INODE_REF", sizeof(InodeRef)),
    detail::at_least(item_type::inode_extref, "INODE_EXTREF", sizeof(InodeExtref)),
    detail::at_least(item_type::xattr_item, "XATTR_ITEM", sizeof(DirItem)),
    detail::at_least(item_type::verity_desc_item, "VERITY_DESC_ITEM", 1),
    detail::at_least(item_type::verity_merkle_item, "VERITY_MERKLE_ITEM", 1),
    detail::exactly(item_type::orphan_item, "ORPHAN_ITEM", 0),
    detail::exactly(item_type::dir_log_item, "DIR_LOG_ITEM", sizeof(DirLogItem)),
    detail::exactly(item_type::dir_log_index, "DIR_LOG_INDEX", sizeof(DirLogItem)),
    detail::at_least(item_type::dir_item, "DIR_ITEM", sizeof(DirItem)),
    detail::at_least(item_type::dir_index, "DIR_INDEX", sizeof(DirItem)),
    detail::at_least(item_type::extent_data, "EXTENT_DATA", sizeof(FileExtentHead)),
    detail::at_least(item_type::csum_item, "CSUM_ITEM", 0),
    detail::at_least(item_type::extent_csum, "EXTENT_CSUM", 4),
    {item_type::root_item, "ROOT_ITEM", legacy_root_item_size, sizeof(RootItem)},
    detail::at_least(item_type::root_backref, "ROOT_BACKREF", sizeof(RootRef)),
    detail::at_least(item_type::root_ref, "ROOT_REF", sizeof(RootRef)),
    detail::at_least(item_type::extent_item, "EXTENT_ITEM", sizeof(ExtentItem)),
    detail::at_least(item_type::metadata_item, "METADATA_ITEM", sizeof(ExtentItem)),
    detail::exactly(item_type::extent_owner_ref, "EXTENT_OWNER_REF", sizeof(ExtentOwnerRef)),
    detail::exactly(item_type::tree_block_ref, "TREE_BLOCK_REF", 0),
    detail::at_least(item_type::extent_data_ref, "EXTENT_DATA_REF", sizeof(ExtentDataRef)),
    detail::at_least(item_type::extent_ref_v0, "EXTENT_REF_V0", 0),
    detail::exactly(item_type::shared_block_ref, "SHARED_BLOCK_REF", 0),
    detail::exactly(item_type::shared_data_ref, "SHARED_DATA_REF", sizeof(SharedDataRef)),
    {item_type::block_group_item, "BLOCK_GROUP_ITEM", sizeof(BlockGroupItem),
     sizeof(BlockGroupItem) + sizeof(BlockGroupRemapTail)},
    detail::exactly(item_type::free_space_info, "FREE_SPACE_INFO", sizeof(FreeSpaceInfo)),
    detail::exactly(item_type::free_space_extent, "FREE_SPACE_EXTENT", 0),
    {item_type::free_space_bitmap, "FREE_SPACE_BITMAP", 1, free_space_bitmap_size},
    detail::exactly(item_type::dev_extent, "DEV_EXTENT", sizeof(DevExtent)),
    detail::exactly(item_type::dev_item, "DEV_ITEM", sizeof(DevItem)),
    detail::at_least(item_type::chunk_item, "CHUNK_ITEM", sizeof(ChunkItem)),
    detail::at_least(item_type::raid_stripe, "RAID_STRIPE", sizeof(RaidStride)),
    detail::exactly(item_type::identity_remap, "IDENTITY_REMAP", 0),
    detail::exactly(item_type::remap, "REMAP", sizeof(RemapItem)),
    detail::exactly(item_type::remap_backref, "REMAP_BACKREF", sizeof(RemapItem)),
    {item_type::qgroup_status, "QGROUP_STATUS", sizeof(QgroupStatusItem),
     sizeof(QgroupStatusItem) + sizeof(QgroupStatusTail)},
    detail::exactly(item_type::qgroup_info, "QGROUP_INFO", sizeof(QgroupInfoItem)),
    detail::exactly(item_type::qgroup_limit, "QGROUP_LIMIT", sizeof(QgroupLimitItem)),
    detail::exactly(item_type::qgroup_relation, "QGROUP_RELATION", 0),
    detail::at_least(item_type::temporary_item, "TEMPORARY_ITEM", 0),
    detail::at_least(item_type::persistent_item, "PERSISTENT_ITEM", 0),
    detail::exactly(item_type::dev_replace, "DEV_REPLACE", sizeof(DevReplaceItem)),
    detail::at_least(item_type::uuid_key_subvol, "UUID_KEY_SUBVOL", sizeof(le64)),
    detail::at_least(item_type::uuid_key_received_subvol, "UUID_KEY_RECEIVED_SUBVOL", sizeof(le64)),
    detail::at_least(item_type::string_item, "STRING_ITEM", 0),
});

namespace detail {
inline constexpr u8 no_row = 0xff;
constexpr std::array<u8, 256> rows_by_type() {
    std::array<u8, 256> rows{};
    rows.fill(no_row);
    for (std::size_t row = 0; row < item_types.size(); ++row) {
        rows[item_types[row].type] = static_cast<u8>(row);
    }
    return rows;
}
inline constexpr auto item_type_rows = rows_by_type();
} // namespace detail

/// The row of a type, or null if the format has none by that number. Type 0 has a meaning only in keys whose
/// objectid is free_space_objectid; key_type_info knows that.
constexpr const ItemTypeInfo* find_item_type(u8 type) {
    const u8 row = detail::item_type_rows[type];
    return row == detail::no_row ? nullptr : &item_types[row];
}

constexpr const ItemTypeInfo* key_type_info(const Key& key) {
    if (key.type == item_type::untyped && key.objectid != free_space_objectid) {
        return nullptr;
    }
    return find_item_type(key.type);
}

} // namespace btrfs

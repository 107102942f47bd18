// SPDX-License-Identifier: MIT
// Object ids with a meaning of their own: trees, and the owners of special items.
#pragma once

#include "formats/btrfs/endian.h"

#include <array>
#include <optional>
#include <string_view>

namespace btrfs {

constexpr u64 from_top(u64 distance) {
    return ~u64{0} - distance + 1;
}

inline constexpr u64 root_tree_id = 1;
inline constexpr u64 extent_tree_id = 2;
inline constexpr u64 chunk_tree_id = 3;
inline constexpr u64 dev_tree_id = 4;
inline constexpr u64 fs_tree_id = 5;
inline constexpr u64 root_tree_dir_id = 6;
inline constexpr u64 csum_tree_id = 7;
inline constexpr u64 quota_tree_id = 8;
inline constexpr u64 uuid_tree_id = 9;
inline constexpr u64 free_space_tree_id = 10;
inline constexpr u64 block_group_tree_id = 11;
inline constexpr u64 raid_stripe_tree_id = 12;
inline constexpr u64 remap_tree_id = 13;

inline constexpr u64 balance_objectid = from_top(4);
inline constexpr u64 orphan_objectid = from_top(5);
inline constexpr u64 tree_log_id = from_top(6);
inline constexpr u64 tree_log_fixup_id = from_top(7);
inline constexpr u64 tree_reloc_id = from_top(8);
inline constexpr u64 data_reloc_tree_id = from_top(9);
inline constexpr u64 extent_csum_objectid = from_top(10);
inline constexpr u64 free_space_objectid = from_top(11);
inline constexpr u64 free_ino_objectid = from_top(12);
inline constexpr u64 csum_change_objectid = from_top(13);
inline constexpr u64 multiple_objectids = from_top(255);

inline constexpr u64 dev_stats_objectid = 0;
inline constexpr u64 dev_items_objectid = 1;
inline constexpr u64 empty_subvol_dir_objectid = 2;
/// Inodes and subvolumes that users make lie between these two, both included.
inline constexpr u64 first_free_objectid = 256;
inline constexpr u64 last_free_objectid = from_top(256);
inline constexpr u64 first_chunk_tree_objectid = 256;
/// The directory at the top of every subvolume.
inline constexpr u64 root_dir_inode = first_free_objectid;
/// DIR_INDEX numbers begin here: 0 and 1 stand for "." and "..".
inline constexpr u64 first_dir_index = 2;

struct ObjectidName {
    u64 objectid;
    std::string_view name;
};

/// The names that the peer prints for an object id, whatever the type of the key.
inline constexpr std::array objectid_names = std::to_array<ObjectidName>({
    {root_tree_id, "ROOT_TREE"},
    {extent_tree_id, "EXTENT_TREE"},
    {chunk_tree_id, "CHUNK_TREE"},
    {dev_tree_id, "DEV_TREE"},
    {fs_tree_id, "FS_TREE"},
    {root_tree_dir_id, "ROOT_TREE_DIR"},
    {csum_tree_id, "CSUM_TREE"},
    {quota_tree_id, "QUOTA_TREE"},
    {uuid_tree_id, "UUID_TREE"},
    {free_space_tree_id, "FREE_SPACE_TREE"},
    {block_group_tree_id, "BLOCK_GROUP_TREE"},
    {raid_stripe_tree_id, "RAID_STRIPE_TREE"},
    {remap_tree_id, "REMAP_TREE"},
    {balance_objectid, "BALANCE"},
    {orphan_objectid, "ORPHAN"},
    {tree_log_id, "TREE_LOG"},
    {tree_log_fixup_id, "LOG_FIXUP"},
    {tree_reloc_id, "TREE_RELOC"},
    {data_reloc_tree_id, "DATA_RELOC_TREE"},
    {extent_csum_objectid, "EXTENT_CSUM"},
    {free_space_objectid, "FREE_SPACE"},
    {free_ino_objectid, "FREE_INO"},
    {csum_change_objectid, "CSUM_CHANGE"},
    {multiple_objectids, "MULTIPLE"},
    {~u64{0}, "-1"},
});

/// The name of an object id, or an empty view for a plain number.
constexpr std::string_view objectid_name(u64 objectid) {
    // Nearly all ids are inodes, addresses or subvolumes: leave at once for those.
    if (objectid >= first_free_objectid && objectid < multiple_objectids) {
        return {};
    }
    for (const auto& entry : objectid_names) {
        if (entry.objectid == objectid) {
            return entry.name;
        }
    }
    return {};
}

/// Whether a tree holds files: the top-level tree, a user's subvolume, or the data relocation tree.
constexpr bool is_file_tree(u64 tree_id) {
    return tree_id == fs_tree_id || tree_id == data_reloc_tree_id ||
           (tree_id >= first_free_objectid && tree_id <= last_free_objectid);
}

} // namespace btrfs

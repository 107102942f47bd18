// SPDX-License-Identifier: MIT
// Block groups: what they hold, and the RAID profiles with the numbers that all stripe arithmetic rests on.
#pragma once

#include "formats/btrfs/fields.h"

#include <optional>

namespace btrfs {

inline constexpr u64 block_group_data = flag_bit(0);
inline constexpr u64 block_group_system = flag_bit(1);
inline constexpr u64 block_group_metadata = flag_bit(2);
inline constexpr u64 block_group_raid0 = flag_bit(3);
inline constexpr u64 block_group_raid1 = flag_bit(4);
inline constexpr u64 block_group_dup = flag_bit(5);
inline constexpr u64 block_group_raid10 = flag_bit(6);
inline constexpr u64 block_group_raid5 = flag_bit(7);
inline constexpr u64 block_group_raid6 = flag_bit(8);
inline constexpr u64 block_group_raid1c3 = flag_bit(9);
inline constexpr u64 block_group_raid1c4 = flag_bit(10);
inline constexpr u64 block_group_remapped = flag_bit(11);
inline constexpr u64 block_group_metadata_remap = flag_bit(12);

inline constexpr u64 block_group_type_mask = block_group_data | block_group_system | block_group_metadata;
inline constexpr u64 block_group_raid56_mask = block_group_raid5 | block_group_raid6;

inline constexpr u32 raid_stripe_length = 64 * 1024;

/// One RAID profile. copies counts full copies of the data; parity counts parity stripes.
struct Profile {
    std::string_view name; ///< as the peer prints it
    u64 flag;              ///< 0 for single
    u32 min_stripes;
    u32 max_stripes; ///< 0: as many as there are devices
    u32 sub_stripes;
    u32 copies;
    u32 parity;
    u32 tolerated_failures; ///< devices that may be lost
};
inline constexpr std::array profiles = std::to_array<Profile>({
    {"single", 0, 1, 1, 1, 1, 0, 0},
    {"DUP", block_group_dup, 2, 2, 1, 2, 0, 0},
    {"RAID0", block_group_raid0, 1, 0, 1, 1, 0, 0},
    {"RAID1", block_group_raid1, 2, 2, 1, 2, 0, 1},
    {"RAID1C3", block_group_raid1c3, 3, 3, 1, 3, 0, 2},
    {"RAID1C4", block_group_raid1c4, 4, 4, 1, 4, 0, 3},
    {"RAID10", block_group_raid10, 2, 0, 2, 2, 0, 1},
    {"RAID5", block_group_raid5, 2, 0, 1, 1, 1, 1},
    {"RAID6", block_group_raid6, 3, 0, 1, 1, 2, 2},
});

constexpr u64 profile_mask() {
    u64 mask = 0;
    for (const auto& profile : profiles) {
        mask |= profile.flag;
    }
    return mask;
}
inline constexpr u64 block_group_profile_mask = profile_mask();

/// The profile of a block group's flags; null when more than one profile bit is set.
constexpr const Profile* find_profile(u64 flags) {
    for (const auto& profile : profiles) {
        if ((flags & block_group_profile_mask) == profile.flag) {
            return &profile;
        }
    }
    return nullptr;
}

inline constexpr std::array block_group_flag_names = std::to_array<FlagName>({
    {block_group_data, "DATA"},
    {block_group_metadata, "METADATA"},
    {block_group_system, "SYSTEM"},
    {block_group_raid0, "RAID0"},
    {block_group_raid1, "RAID1"},
    {block_group_dup, "DUP"},
    {block_group_raid10, "RAID10"},
    {block_group_raid5, "RAID5"},
    {block_group_raid6, "RAID6"},
    {block_group_raid1c3, "RAID1C3"},
    {block_group_raid1c4, "RAID1C4"},
    {block_group_remapped, "REMAPPED"},
    {block_group_metadata_remap, "METADATA_REMAP"},
});

/// BLOCK_GROUP_ITEM, key (logical, 192, length).
struct BlockGroupItem {
    le64 used;
    le64 chunk_objectid; ///< 256, or the global root id with extent-tree-v2
    le64 flags;
};
template <>
inline constexpr auto fields_of<BlockGroupItem> = FieldList{
    Field{"used", &BlockGroupItem::used},
    Field{"chunk_objectid", &BlockGroupItem::chunk_objectid},
    Field{"flags", &BlockGroupItem::flags, block_group_flag_names},
};
static_assert(layout_is<BlockGroupItem>(24));

/// What follows BlockGroupItem in filesystems with the remap-tree feature.
struct BlockGroupRemapTail {
    le64 remap_bytes;
    le32 identity_remap_count;
};
template <>
inline constexpr auto fields_of<BlockGroupRemapTail> = FieldList{
    Field{"remap_bytes", &BlockGroupRemapTail::remap_bytes},
    Field{"identity_remap_count", &BlockGroupRemapTail::identity_remap_count},
};
static_assert(layout_is<BlockGroupRemapTail>(12));

} // namespace btrfs

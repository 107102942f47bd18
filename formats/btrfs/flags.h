// SPDX-License-Identifier: MIT
// All sets of flags of the format, each with the names that the kernel gives its bits.
#pragma once

#include "formats/btrfs/endian.h"

#include <array>
#include <span>
#include <string_view>

namespace btrfs {

struct FlagName {
    u64 bit;
    std::string_view name;
};
using FlagNames = std::span<const FlagName>;

constexpr u64 flag_bit(unsigned number) {
    return u64{1} << number;
}

/// All bits that have a name in the set.
constexpr u64 known_flags(FlagNames names) {
    u64 all = 0;
    for (const auto& flag : names) {
        all |= flag.bit;
    }
    return all;
}

// Superblock: what the kernel requires to mount at all.
inline constexpr u64 incompat_mixed_backref = flag_bit(0);
inline constexpr u64 incompat_default_subvol = flag_bit(1);
inline constexpr u64 incompat_mixed_groups = flag_bit(2);
inline constexpr u64 incompat_compress_lzo = flag_bit(3);
inline constexpr u64 incompat_compress_zstd = flag_bit(4);
inline constexpr u64 incompat_big_metadata = flag_bit(5);
inline constexpr u64 incompat_extended_iref = flag_bit(6);
inline constexpr u64 incompat_raid56 = flag_bit(7);
inline constexpr u64 incompat_skinny_metadata = flag_bit(8);
inline constexpr u64 incompat_no_holes = flag_bit(9);
inline constexpr u64 incompat_metadata_uuid = flag_bit(10);
inline constexpr u64 incompat_raid1c34 = flag_bit(11);
inline constexpr u64 incompat_zoned = flag_bit(12);
inline constexpr u64 incompat_extent_tree_v2 = flag_bit(13);
inline constexpr u64 incompat_raid_stripe_tree = flag_bit(14);
inline constexpr u64 incompat_simple_quota = flag_bit(16);
inline constexpr u64 incompat_remap_tree = flag_bit(17);

inline constexpr std::array incompat_flag_names = std::to_array<FlagName>({
    {incompat_mixed_backref, "MIXED_BACKREF"},
    {incompat_default_subvol, "DEFAULT_SUBVOL"},
    {incompat_mixed_groups, "MIXED_GROUPS"},
    {incompat_compress_lzo, "COMPRESS_LZO"},
    {incompat_compress_zstd, "COMPRESS_ZSTD"},
    {incompat_big_metadata, "BIG_METADATA"},
    {incompat_extended_iref, "EXTENDED_IREF"},
    {incompat_raid56, "RAID56"},
    {incompat_skinny_metadata, "SKINNY_METADATA"},
    {incompat_no_holes, "NO_HOLES"},
    {incompat_metadata_uuid, "METADATA_UUID"},
    {incompat_raid1c34, "RAID1C34"},
    {incompat_zoned, "ZONED"},
    {incompat_extent_tree_v2, "EXTENT_TREE_V2"},
    {incompat_raid_stripe_tree, "RAID_STRIPE_TREE"},
    {incompat_simple_quota, "SIMPLE_QUOTA"},
    {incompat_remap_tree, "REMAP_TREE"},
});

// Superblock: what the kernel requires to mount read-write.
inline constexpr u64 compat_ro_free_space_tree = flag_bit(0);
inline constexpr u64 compat_ro_free_space_tree_valid = flag_bit(1);
inline constexpr u64 compat_ro_verity = flag_bit(2);
inline constexpr u64 compat_ro_block_group_tree = flag_bit(3);

inline constexpr std::array compat_ro_flag_names = std::to_array<FlagName>({
    {compat_ro_free_space_tree, "FREE_SPACE_TREE"},
    {compat_ro_free_space_tree_valid, "FREE_SPACE_TREE_VALID"},
    {compat_ro_verity, "VERITY"},
    {compat_ro_block_group_tree, "BLOCK_GROUP_TREE"},
});

inline constexpr u64 super_flag_written = flag_bit(0);
inline constexpr u64 super_flag_reloc = flag_bit(1);
inline constexpr u64 super_flag_error = flag_bit(2);
inline constexpr u64 super_flag_seeding = flag_bit(32);
inline constexpr u64 super_flag_metadump = flag_bit(33);
inline constexpr u64 super_flag_metadump_v2 = flag_bit(34);
inline constexpr u64 super_flag_changing_fsid = flag_bit(35);
inline constexpr u64 super_flag_changing_fsid_v2 = flag_bit(36);
inline constexpr u64 super_flag_changing_bg_tree = flag_bit(38);
inline constexpr u64 super_flag_changing_data_csum = flag_bit(39);
inline constexpr u64 super_flag_changing_meta_csum = flag_bit(40);

/// A dump of metadata, of either kind: no data is there.
inline constexpr u64 super_flags_metadump = super_flag_metadump | super_flag_metadump_v2;
/// A conversion was begun and is not finished.
inline constexpr u64 super_flags_changing = super_flag_changing_fsid | super_flag_changing_fsid_v2 |
                                            super_flag_changing_bg_tree | super_flag_changing_data_csum |
                                            super_flag_changing_meta_csum;

inline constexpr std::array super_flag_names = std::to_array<FlagName>({
    {super_flag_written, "WRITTEN"},
    {super_flag_reloc, "RELOC"},
    {super_flag_error, "ERROR"},
    {super_flag_changing_fsid, "CHANGING_FSID"},
    {super_flag_changing_fsid_v2, "CHANGING_FSID_V2"},
    {super_flag_seeding, "SEEDING"},
    {super_flag_metadump, "METADUMP"},
    {super_flag_metadump_v2, "METADUMP_V2"},
    {super_flag_changing_bg_tree, "CHANGING_BG_TREE"},
    {super_flag_changing_data_csum, "CHANGING_DATA_CSUM"},
    {super_flag_changing_meta_csum, "CHANGING_META_CSUM"},
});

// Tree block header. The top byte of the same word is the back reference revision.
inline constexpr u64 header_flag_written = flag_bit(0);
inline constexpr u64 header_flag_reloc = flag_bit(1);
inline constexpr unsigned header_backref_revision_shift = 56;
inline constexpr u64 header_flags_mask = flag_bit(header_backref_revision_shift) - 1;

inline constexpr std::array header_flag_names = std::to_array<FlagName>({
    {header_flag_written, "WRITTEN"},
    {header_flag_reloc, "RELOC"},
});

inline constexpr u64 inode_nodatasum = flag_bit(0);
inline constexpr u64 inode_nodatacow = flag_bit(1);
inline constexpr u64 inode_readonly = flag_bit(2);
inline constexpr u64 inode_nocompress = flag_bit(3);
inline constexpr u64 inode_prealloc = flag_bit(4);
inline constexpr u64 inode_sync = flag_bit(5);
inline constexpr u64 inode_immutable = flag_bit(6);
inline constexpr u64 inode_append = flag_bit(7);
inline constexpr u64 inode_nodump = flag_bit(8);
inline constexpr u64 inode_noatime = flag_bit(9);
inline constexpr u64 inode_dirsync = flag_bit(10);
inline constexpr u64 inode_compress = flag_bit(11);
inline constexpr u64 inode_root_item_init = flag_bit(31);
/// From here on the bits are read-only-compatible ones ("ro_flags" in the kernel).
inline constexpr unsigned inode_ro_flags_shift = 32;
inline constexpr u64 inode_ro_verity = flag_bit(inode_ro_flags_shift);

/// The twelve flags that a user can meet, and the one that only the root item's copy of an inode has.
inline constexpr std::array inode_flag_names = std::to_array<FlagName>({
    {inode_nodatasum, "NODATASUM"},
    {inode_nodatacow, "NODATACOW"},
    {inode_readonly, "READONLY"},
    {inode_nocompress, "NOCOMPRESS"},
    {inode_prealloc, "PREALLOC"},
    {inode_sync, "SYNC"},
    {inode_immutable, "IMMUTABLE"},
    {inode_append, "APPEND"},
    {inode_nodump, "NODUMP"},
    {inode_noatime, "NOATIME"},
    {inode_dirsync, "DIRSYNC"},
    {inode_compress, "COMPRESS"},
    {inode_root_item_init, "ROOT_ITEM_INIT"},
    {inode_ro_verity, "VERITY"},
});

inline constexpr u64 extent_flag_data = flag_bit(0);
inline constexpr u64 extent_flag_tree_block = flag_bit(1);
inline constexpr u64 extent_flag_full_backref = flag_bit(8);

inline constexpr std::array extent_flag_names = std::to_array<FlagName>({
    {extent_flag_data, "DATA"},
    {extent_flag_tree_block, "TREE_BLOCK"},
    {extent_flag_full_backref, "FULL_BACKREF"},
});

inline constexpr u64 root_subvol_rdonly = flag_bit(0);
inline constexpr u64 root_subvol_dead = flag_bit(48);

inline constexpr std::array root_flag_names = std::to_array<FlagName>({
    {root_subvol_rdonly, "RDONLY"},
    {root_subvol_dead, "DEAD"},
});

inline constexpr u64 qgroup_status_on = flag_bit(0);
inline constexpr u64 qgroup_status_rescan = flag_bit(1);
inline constexpr u64 qgroup_status_inconsistent = flag_bit(2);
inline constexpr u64 qgroup_status_simple_mode = flag_bit(3);

inline constexpr std::array qgroup_status_flag_names = std::to_array<FlagName>({
    {qgroup_status_on, "ON"},
    {qgroup_status_rescan, "SCANNING"},
    {qgroup_status_inconsistent, "INCONSISTENT"},
    {qgroup_status_simple_mode, "SIMPLE_MODE"},
});

inline constexpr std::array qgroup_limit_flag_names = std::to_array<FlagName>({
    {flag_bit(0), "MAX_RFER"},
    {flag_bit(1), "MAX_EXCL"},
    {flag_bit(2), "RSV_RFER"},
    {flag_bit(3), "RSV_EXCL"},
    {flag_bit(4), "RFER_CMPR"},
    {flag_bit(5), "EXCL_CMPR"},
});

inline constexpr u64 free_space_using_bitmaps = flag_bit(0);
inline constexpr std::array free_space_info_flag_names =
    std::to_array<FlagName>({{free_space_using_bitmaps, "USING_BITMAPS"}});

} // namespace btrfs

// SPDX-License-Identifier: MIT
// Our numbers beside those of the system's own headers. Numbers that came after Linux 6.1 (Debian 12) are compared
// where the header has them.
#include "formats/btrfs/csum.h"
#include "formats/btrfs/item_types.h"
#include "formats/btrfs/tree_block.h"
#include "formats/btrfs/verity.h"

#include <cstddef>

#include <doctest/doctest.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/fsverity.h>

namespace kernel_numbers_test {

namespace {

namespace item_type = btrfs::item_type;
using btrfs::u64;

struct Pair {
    u64 ours;
    u64 theirs;
};

void check_all(std::initializer_list<Pair> pairs) {
    for (const auto& pair : pairs) {
        CHECK(pair.ours == pair.theirs);
    }
}

TEST_CASE("item types have the kernel's numbers") {
    check_all({
        {item_type::inode_item, BTRFS_INODE_ITEM_KEY},
        {item_type::inode_ref, BTRFS_INODE_REF_KEY},
        {item_type::inode_extref, BTRFS_INODE_EXTREF_KEY},
        {item_type::xattr_item, BTRFS_XATTR_ITEM_KEY},
        {item_type::verity_desc_item, BTRFS_VERITY_DESC_ITEM_KEY},
        {item_type::verity_merkle_item, BTRFS_VERITY_MERKLE_ITEM_KEY},
        {item_type::orphan_item, BTRFS_ORPHAN_ITEM_KEY},
        {item_type::dir_log_item, BTRFS_DIR_LOG_ITEM_KEY},
        {item_type::dir_log_index, BTRFS_DIR_LOG_INDEX_KEY},
        {item_type::dir_item, BTRFS_DIR_ITEM_KEY},
        {item_type::dir_index, BTRFS_DIR_INDEX_KEY},
        {item_type::extent_data, BTRFS_EXTENT_DATA_KEY},
        {item_type::extent_csum, BTRFS_EXTENT_CSUM_KEY},
        {item_type::root_item, BTRFS_ROOT_ITEM_KEY},
        {item_type::root_backref, BTRFS_ROOT_BACKREF_KEY},
        {item_type::root_ref, BTRFS_ROOT_REF_KEY},
        {item_type::extent_item, BTRFS_EXTENT_ITEM_KEY},
        {item_type::metadata_item, BTRFS_METADATA_ITEM_KEY},
        {item_type::tree_block_ref, BTRFS_TREE_BLOCK_REF_KEY},
        {item_type::extent_data_ref, BTRFS_EXTENT_DATA_REF_KEY},
        {item_type::shared_block_ref, BTRFS_SHARED_BLOCK_REF_KEY},
        {item_type::shared_data_ref, BTRFS_SHARED_DATA_REF_KEY},
        {item_type::block_group_item, BTRFS_BLOCK_GROUP_ITEM_KEY},
        {item_type::free_space_info, BTRFS_FREE_SPACE_INFO_KEY},
        {item_type::free_space_extent, BTRFS_FREE_SPACE_EXTENT_KEY},
        {item_type::free_space_bitmap, BTRFS_FREE_SPACE_BITMAP_KEY},
        {item_type::dev_extent, BTRFS_DEV_EXTENT_KEY},
        {item_type::dev_item, BTRFS_DEV_ITEM_KEY},
        {item_type::chunk_item, BTRFS_CHUNK_ITEM_KEY},
        {item_type::qgroup_status, BTRFS_QGROUP_STATUS_KEY},
        {item_type::qgroup_info, BTRFS_QGROUP_INFO_KEY},
        {item_type::qgroup_limit, BTRFS_QGROUP_LIMIT_KEY},
        {item_type::qgroup_relation, BTRFS_QGROUP_RELATION_KEY},
        {item_type::temporary_item, BTRFS_TEMPORARY_ITEM_KEY},
        {item_type::persistent_item, BTRFS_PERSISTENT_ITEM_KEY},
        {item_type::dev_replace, BTRFS_DEV_REPLACE_KEY},
        {item_type::uuid_key_subvol, BTRFS_UUID_KEY_SUBVOL},
        {item_type::uuid_key_received_subvol, BTRFS_UUID_KEY_RECEIVED_SUBVOL},
        {item_type::string_item, BTRFS_STRING_ITEM_KEY},
    });
#ifdef BTRFS_EXTENT_OWNER_REF_KEY
    CHECK(item_type::extent_owner_ref == BTRFS_EXTENT_OWNER_REF_KEY);
#endif
#ifdef BTRFS_RAID_STRIPE_KEY
    CHECK(item_type::raid_stripe == BTRFS_RAID_STRIPE_KEY);
#endif
}

TEST_CASE("object ids have the kernel's numbers") {
    check_all({
        {btrfs::root_tree_id, BTRFS_ROOT_TREE_OBJECTID},
        {btrfs::extent_tree_id, BTRFS_EXTENT_TREE_OBJECTID},
        {btrfs::chunk_tree_id, BTRFS_CHUNK_TREE_OBJECTID},
        {btrfs::dev_tree_id, BTRFS_DEV_TREE_OBJECTID},
        {btrfs::fs_tree_id, BTRFS_FS_TREE_OBJECTID},
        {btrfs::root_tree_dir_id, BTRFS_ROOT_TREE_DIR_OBJECTID},
        {btrfs::csum_tree_id, BTRFS_CSUM_TREE_OBJECTID},
        {btrfs::quota_tree_id, BTRFS_QUOTA_TREE_OBJECTID},
        {btrfs::uuid_tree_id, BTRFS_UUID_TREE_OBJECTID},
        {btrfs::free_space_tree_id, BTRFS_FREE_SPACE_TREE_OBJECTID},
        {btrfs::block_group_tree_id, BTRFS_BLOCK_GROUP_TREE_OBJECTID},
        {btrfs::dev_stats_objectid, BTRFS_DEV_STATS_OBJECTID},
        {btrfs::balance_objectid, BTRFS_BALANCE_OBJECTID},
        {btrfs::orphan_objectid, BTRFS_ORPHAN_OBJECTID},
        {btrfs::tree_log_id, BTRFS_TREE_LOG_OBJECTID},
        {btrfs::tree_log_fixup_id, BTRFS_TREE_LOG_FIXUP_OBJECTID},
        {btrfs::tree_reloc_id, BTRFS_TREE_RELOC_OBJECTID},
        {btrfs::data_reloc_tree_id, BTRFS_DATA_RELOC_TREE_OBJECTID},
        {btrfs::extent_csum_objectid, BTRFS_EXTENT_CSUM_OBJECTID},
        {btrfs::free_space_objectid, BTRFS_FREE_SPACE_OBJECTID},
        {btrfs::free_ino_objectid, BTRFS_FREE_INO_OBJECTID},
        {btrfs::multiple_objectids, BTRFS_MULTIPLE_OBJECTIDS},
        {btrfs::first_free_objectid, BTRFS_FIRST_FREE_OBJECTID},
        {btrfs::last_free_objectid, BTRFS_LAST_FREE_OBJECTID},
        {btrfs::first_chunk_tree_objectid, BTRFS_FIRST_CHUNK_TREE_OBJECTID},
        {btrfs::dev_items_objectid, BTRFS_DEV_ITEMS_OBJECTID},
        {btrfs::empty_subvol_dir_objectid, BTRFS_EMPTY_SUBVOL_DIR_OBJECTID},
    });
#ifdef BTRFS_RAID_STRIPE_TREE_OBJECTID
    CHECK(btrfs::raid_stripe_tree_id == BTRFS_RAID_STRIPE_TREE_OBJECTID);
#endif
}

TEST_CASE("feature and superblock flags have the kernel's bits") {
    check_all({
        {btrfs::incompat_mixed_backref, BTRFS_FEATURE_INCOMPAT_MIXED_BACKREF},
        {btrfs::incompat_default_subvol, BTRFS_FEATURE_INCOMPAT_DEFAULT_SUBVOL},
        {btrfs::incompat_mixed_groups, BTRFS_FEATURE_INCOMPAT_MIXED_GROUPS},
        {btrfs::incompat_compress_lzo, BTRFS_FEATURE_INCOMPAT_COMPRESS_LZO},
        {btrfs::incompat_compress_zstd, BTRFS_FEATURE_INCOMPAT_COMPRESS_ZSTD},
        {btrfs::incompat_big_metadata, BTRFS_FEATURE_INCOMPAT_BIG_METADATA},
        {btrfs::incompat_extended_iref, BTRFS_FEATURE_INCOMPAT_EXTENDED_IREF},
        {btrfs::incompat_raid56, BTRFS_FEATURE_INCOMPAT_RAID56},
        {btrfs::incompat_skinny_metadata, BTRFS_FEATURE_INCOMPAT_SKINNY_METADATA},
        {btrfs::incompat_no_holes, BTRFS_FEATURE_INCOMPAT_NO_HOLES},
        {btrfs::incompat_metadata_uuid, BTRFS_FEATURE_INCOMPAT_METADATA_UUID},
        {btrfs::incompat_raid1c34, BTRFS_FEATURE_INCOMPAT_RAID1C34},
        {btrfs::incompat_zoned, BTRFS_FEATURE_INCOMPAT_ZONED},
        {btrfs::incompat_extent_tree_v2, BTRFS_FEATURE_INCOMPAT_EXTENT_TREE_V2},
        {btrfs::compat_ro_free_space_tree, BTRFS_FEATURE_COMPAT_RO_FREE_SPACE_TREE},
        {btrfs::compat_ro_free_space_tree_valid, BTRFS_FEATURE_COMPAT_RO_FREE_SPACE_TREE_VALID},
        {btrfs::compat_ro_verity, BTRFS_FEATURE_COMPAT_RO_VERITY},
        {btrfs::compat_ro_block_group_tree, BTRFS_FEATURE_COMPAT_RO_BLOCK_GROUP_TREE},
        {btrfs::super_flag_error, BTRFS_SUPER_FLAG_ERROR},
        {btrfs::super_flag_seeding, BTRFS_SUPER_FLAG_SEEDING},
        {btrfs::super_flag_metadump, BTRFS_SUPER_FLAG_METADUMP},
        {btrfs::super_flag_metadump_v2, BTRFS_SUPER_FLAG_METADUMP_V2},
        {btrfs::super_flag_changing_fsid, BTRFS_SUPER_FLAG_CHANGING_FSID},
        {btrfs::super_flag_changing_fsid_v2, BTRFS_SUPER_FLAG_CHANGING_FSID_V2},
        {btrfs::header_flag_written, BTRFS_HEADER_FLAG_WRITTEN},
        {btrfs::header_flag_reloc, BTRFS_HEADER_FLAG_RELOC},
    });
#ifdef BTRFS_FEATURE_INCOMPAT_RAID_STRIPE_TREE
    CHECK(btrfs::incompat_raid_stripe_tree == BTRFS_FEATURE_INCOMPAT_RAID_STRIPE_TREE);
#endif
#ifdef BTRFS_FEATURE_INCOMPAT_SIMPLE_QUOTA
    CHECK(btrfs::incompat_simple_quota == BTRFS_FEATURE_INCOMPAT_SIMPLE_QUOTA);
#endif
}

TEST_CASE("fs-verity has the kernel's numbers and places") {
    check_all({
        {static_cast<u64>(btrfs::FsverityHash::sha256), FS_VERITY_HASH_ALG_SHA256},
        {static_cast<u64>(btrfs::FsverityHash::sha512), FS_VERITY_HASH_ALG_SHA512},
        {sizeof(btrfs::FsverityDescriptor), sizeof(fsverity_descriptor)},
        {btrfs::max_fsverity_salt_bytes, sizeof(fsverity_descriptor::salt)},
        {offsetof(btrfs::FsverityDescriptor, data_size), offsetof(fsverity_descriptor, data_size)},
        {offsetof(btrfs::FsverityDescriptor, root_hash), offsetof(fsverity_descriptor, root_hash)},
        {offsetof(btrfs::FsverityDescriptor, salt), offsetof(fsverity_descriptor, salt)},
    });
    CHECK(btrfs::find_fsverity_hash(0) == nullptr);
    CHECK(btrfs::find_fsverity_hash(3) == nullptr);
    for (const auto& info : btrfs::fsverity_hashes) {
        CHECK(btrfs::find_fsverity_hash(static_cast<btrfs::u8>(info.hash)) == &info);
    }
}

TEST_CASE("extent, root, quota and block group flags have the kernel's bits") {
    check_all({
        {btrfs::extent_flag_data, BTRFS_EXTENT_FLAG_DATA},
        {btrfs::extent_flag_tree_block, BTRFS_EXTENT_FLAG_TREE_BLOCK},
        {btrfs::extent_flag_full_backref, BTRFS_BLOCK_FLAG_FULL_BACKREF},
        {btrfs::root_subvol_rdonly, BTRFS_ROOT_SUBVOL_RDONLY},
        {btrfs::root_subvol_dead, BTRFS_ROOT_SUBVOL_DEAD},
        {btrfs::free_space_using_bitmaps, BTRFS_FREE_SPACE_USING_BITMAPS},
        {btrfs::qgroup_status_on, BTRFS_QGROUP_STATUS_FLAG_ON},
        {btrfs::qgroup_status_rescan, BTRFS_QGROUP_STATUS_FLAG_RESCAN},
        {btrfs::qgroup_status_inconsistent, BTRFS_QGROUP_STATUS_FLAG_INCONSISTENT},
        {btrfs::block_group_data, BTRFS_BLOCK_GROUP_DATA},
        {btrfs::block_group_system, BTRFS_BLOCK_GROUP_SYSTEM},
        {btrfs::block_group_metadata, BTRFS_BLOCK_GROUP_METADATA},
        {btrfs::block_group_raid0, BTRFS_BLOCK_GROUP_RAID0},
        {btrfs::block_group_raid1, BTRFS_BLOCK_GROUP_RAID1},
        {btrfs::block_group_dup, BTRFS_BLOCK_GROUP_DUP},
        {btrfs::block_group_raid10, BTRFS_BLOCK_GROUP_RAID10},
        {btrfs::block_group_raid5, BTRFS_BLOCK_GROUP_RAID5},
        {btrfs::block_group_raid6, BTRFS_BLOCK_GROUP_RAID6},
        {btrfs::block_group_raid1c3, BTRFS_BLOCK_GROUP_RAID1C3},
        {btrfs::block_group_raid1c4, BTRFS_BLOCK_GROUP_RAID1C4},
        {btrfs::block_group_type_mask, BTRFS_BLOCK_GROUP_TYPE_MASK},
        {btrfs::block_group_profile_mask, BTRFS_BLOCK_GROUP_PROFILE_MASK},
        {btrfs::block_group_raid56_mask, BTRFS_BLOCK_GROUP_RAID56_MASK},
        {btrfs::qgroup_level(u64{3} << 48 | 7), btrfs_qgroup_level(u64{3} << 48 | 7)},
    });
#ifdef BTRFS_QGROUP_STATUS_FLAG_SIMPLE_MODE
    CHECK(btrfs::qgroup_status_simple_mode == BTRFS_QGROUP_STATUS_FLAG_SIMPLE_MODE);
#endif
}

TEST_CASE("enumerations have the kernel's numbers") {
    const auto file_type = [](btrfs::FileType type) { return u64{static_cast<btrfs::u8>(type)}; };
    const auto csum_type = [](btrfs::CsumType type) { return u64{static_cast<btrfs::u16>(type)}; };
    const auto extent_type = [](btrfs::FileExtentType type) { return u64{static_cast<btrfs::u8>(type)}; };
    check_all({
        {file_type(btrfs::FileType::unknown), BTRFS_FT_UNKNOWN},
        {file_type(btrfs::FileType::regular), BTRFS_FT_REG_FILE},
        {file_type(btrfs::FileType::directory), BTRFS_FT_DIR},
        {file_type(btrfs::FileType::character_device), BTRFS_FT_CHRDEV},
        {file_type(btrfs::FileType::block_device), BTRFS_FT_BLKDEV},
        {file_type(btrfs::FileType::fifo), BTRFS_FT_FIFO},
        {file_type(btrfs::FileType::socket), BTRFS_FT_SOCK},
        {file_type(btrfs::FileType::symlink), BTRFS_FT_SYMLINK},
        {file_type(btrfs::FileType::xattr), BTRFS_FT_XATTR},
        {csum_type(btrfs::CsumType::crc32c), BTRFS_CSUM_TYPE_CRC32},
        {csum_type(btrfs::CsumType::xxhash64), BTRFS_CSUM_TYPE_XXHASH},
        {csum_type(btrfs::CsumType::sha256), BTRFS_CSUM_TYPE_SHA256},
        {csum_type(btrfs::CsumType::blake2b), BTRFS_CSUM_TYPE_BLAKE2},
        {extent_type(btrfs::FileExtentType::inline_data), BTRFS_FILE_EXTENT_INLINE},
        {extent_type(btrfs::FileExtentType::regular), BTRFS_FILE_EXTENT_REG},
        {extent_type(btrfs::FileExtentType::prealloc), BTRFS_FILE_EXTENT_PREALLOC},
        {btrfs::max_nodesize, BTRFS_MAX_METADATA_BLOCKSIZE},
        {btrfs::max_csum_size, BTRFS_CSUM_SIZE},
    });
}

TEST_CASE("the table of item types is sorted, complete and unambiguous") {
    for (std::size_t row = 1; row < btrfs::item_types.size(); ++row) {
        CHECK(btrfs::item_types[row - 1].type < btrfs::item_types[row].type);
    }
    for (const auto& info : btrfs::item_types) {
        CHECK(btrfs::find_item_type(info.type) == &info);
        CHECK(info.min_size <= info.max_size);
    }
    CHECK(btrfs::find_item_type(2) == nullptr);
    CHECK(btrfs::key_type_info({btrfs::free_space_objectid, 0, 0}) != nullptr);
    CHECK(btrfs::key_type_info({256, 0, 0}) == nullptr);
}

TEST_CASE("keys sort as trees do, and the next key is the next") {
    using btrfs::Key;
    CHECK(Key{1, 2, 3} < Key{1, 2, 4});
    CHECK(Key{1, 2, ~u64{0}} < Key{1, 3, 0});
    CHECK(Key{1, 255, ~u64{0}} < Key{2, 0, 0});
    CHECK(next_key(Key{1, 2, 3}) == Key{1, 2, 4});
    CHECK(next_key(Key{1, 2, ~u64{0}}) == Key{1, 3, 0});
    CHECK(next_key(Key{1, 255, ~u64{0}}) == Key{2, 0, 0});
    CHECK(next_key(Key::max()) == Key::max());
}

TEST_CASE("little-endian integers stand with the low byte first") {
    const btrfs::le32 value{0x01020304};
    CHECK(reinterpret_cast<const unsigned char*>(&value)[0] == 4);
    CHECK(value == 0x01020304u);
}

} // namespace

} // namespace kernel_numbers_test

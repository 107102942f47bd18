// SPDX-License-Identifier: MIT
// Our structures beside those of the system's own header: every field at the same place, of the same size and name.
#include "formats/btrfs/item_types.h"

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <linux/btrfs_tree.h>

namespace kernel_layout_test {

namespace {

struct PlacedField {
    std::string name;
    std::size_t offset;
    std::size_t size;

    friend bool operator==(const PlacedField&, const PlacedField&) = default;
};

std::ostream& operator<<(std::ostream& out, const std::vector<PlacedField>& fields) {
    for (const auto& field : fields) {
        out << field.name << '@' << field.offset << '+' << field.size << ' ';
    }
    return out;
}

template <class Struct>
void append_fields(std::vector<PlacedField>& fields, std::size_t start) {
    const Struct object{};
    btrfs::for_each_field<Struct>([&](const auto& field) {
        const auto& member = object.*field.member;
        const auto offset = reinterpret_cast<const char*>(&member) - reinterpret_cast<const char*>(&object);
        fields.push_back({std::string(field.name), start + static_cast<std::size_t>(offset), sizeof(member)});
    });
}

/// The fields of structures that stand one behind the other.
template <class... Structs>
std::vector<PlacedField> our_fields() {
    std::vector<PlacedField> fields;
    std::size_t start = 0;
    ((append_fields<Structs>(fields, start), start += sizeof(Structs)), ...);
    return fields;
}

// A macro, because nothing else can name a member and its place.
#define THEIRS(structure, member)                                                                                      \
    PlacedField {                                                                                                      \
        #member, offsetof(structure, member), sizeof(structure::member)                                                \
    }

TEST_CASE("keys and extents stand where the kernel's header has them") {
    CHECK(our_fields<btrfs::DiskKey>() ==
          std::vector{THEIRS(btrfs_disk_key, objectid), THEIRS(btrfs_disk_key, type), THEIRS(btrfs_disk_key, offset)});
    CHECK(sizeof(btrfs::DiskKey) == sizeof(btrfs_disk_key));
    CHECK(our_fields<btrfs::ExtentItem>() == std::vector{THEIRS(btrfs_extent_item, refs),
                                                         THEIRS(btrfs_extent_item, generation),
                                                         THEIRS(btrfs_extent_item, flags)});
    CHECK(our_fields<btrfs::TreeBlockInfo>() ==
          std::vector{THEIRS(btrfs_tree_block_info, key), THEIRS(btrfs_tree_block_info, level)});
    CHECK(our_fields<btrfs::ExtentDataRef>() ==
          std::vector{THEIRS(btrfs_extent_data_ref, root), THEIRS(btrfs_extent_data_ref, objectid),
                      THEIRS(btrfs_extent_data_ref, offset), THEIRS(btrfs_extent_data_ref, count)});
    CHECK(our_fields<btrfs::SharedDataRef>() == std::vector{THEIRS(btrfs_shared_data_ref, count)});
    CHECK(our_fields<btrfs::InlineRef>() ==
          std::vector{THEIRS(btrfs_extent_inline_ref, type), THEIRS(btrfs_extent_inline_ref, offset)});
    CHECK(our_fields<btrfs::BlockGroupItem>() == std::vector{THEIRS(btrfs_block_group_item, used),
                                                             THEIRS(btrfs_block_group_item, chunk_objectid),
                                                             THEIRS(btrfs_block_group_item, flags)});
}

TEST_CASE("chunks and devices stand where the kernel's header has them") {
    CHECK(our_fields<btrfs::StripeItem>() ==
          std::vector{THEIRS(btrfs_stripe, devid), THEIRS(btrfs_stripe, offset), THEIRS(btrfs_stripe, dev_uuid)});
    CHECK(our_fields<btrfs::ChunkItem>() ==
          std::vector{THEIRS(btrfs_chunk, length), THEIRS(btrfs_chunk, owner), THEIRS(btrfs_chunk, stripe_len),
                      THEIRS(btrfs_chunk, type), THEIRS(btrfs_chunk, io_align), THEIRS(btrfs_chunk, io_width),
                      THEIRS(btrfs_chunk, sector_size), THEIRS(btrfs_chunk, num_stripes),
                      THEIRS(btrfs_chunk, sub_stripes)});
    CHECK(sizeof(btrfs::ChunkItem) == offsetof(btrfs_chunk, stripe));
    CHECK(btrfs::chunk_item_size(1) == sizeof(btrfs_chunk));
    CHECK(our_fields<btrfs::DevItem>() ==
          std::vector{
              THEIRS(btrfs_dev_item, devid), THEIRS(btrfs_dev_item, total_bytes), THEIRS(btrfs_dev_item, bytes_used),
              THEIRS(btrfs_dev_item, io_align), THEIRS(btrfs_dev_item, io_width), THEIRS(btrfs_dev_item, sector_size),
              THEIRS(btrfs_dev_item, type), THEIRS(btrfs_dev_item, generation), THEIRS(btrfs_dev_item, start_offset),
              THEIRS(btrfs_dev_item, dev_group), THEIRS(btrfs_dev_item, seek_speed), THEIRS(btrfs_dev_item, bandwidth),
              THEIRS(btrfs_dev_item, uuid), THEIRS(btrfs_dev_item, fsid)});
    CHECK(our_fields<btrfs::DevExtent>() ==
          std::vector{THEIRS(btrfs_dev_extent, chunk_tree), THEIRS(btrfs_dev_extent, chunk_objectid),
                      THEIRS(btrfs_dev_extent, chunk_offset), THEIRS(btrfs_dev_extent, length),
                      THEIRS(btrfs_dev_extent, chunk_tree_uuid)});
    CHECK(sizeof(btrfs::DevStatsItem) == sizeof(btrfs_dev_stats_item));
    CHECK(our_fields<btrfs::DevReplaceItem>() ==
          std::vector{THEIRS(btrfs_dev_replace_item, src_devid), THEIRS(btrfs_dev_replace_item, cursor_left),
                      THEIRS(btrfs_dev_replace_item, cursor_right),
                      THEIRS(btrfs_dev_replace_item, cont_reading_from_srcdev_mode),
                      THEIRS(btrfs_dev_replace_item, replace_state), THEIRS(btrfs_dev_replace_item, time_started),
                      THEIRS(btrfs_dev_replace_item, time_stopped), THEIRS(btrfs_dev_replace_item, num_write_errors),
                      THEIRS(btrfs_dev_replace_item, num_uncorrectable_read_errors)});
}

TEST_CASE("inodes, directories and file extents stand where the kernel's header has them") {
    CHECK(our_fields<btrfs::Timespec>() == std::vector{THEIRS(btrfs_timespec, sec), THEIRS(btrfs_timespec, nsec)});
    CHECK(our_fields<btrfs::InodeItem>() ==
          std::vector{
              THEIRS(btrfs_inode_item, generation), THEIRS(btrfs_inode_item, transid), THEIRS(btrfs_inode_item, size),
              THEIRS(btrfs_inode_item, nbytes), THEIRS(btrfs_inode_item, block_group), THEIRS(btrfs_inode_item, nlink),
              THEIRS(btrfs_inode_item, uid), THEIRS(btrfs_inode_item, gid), THEIRS(btrfs_inode_item, mode),
              THEIRS(btrfs_inode_item, rdev), THEIRS(btrfs_inode_item, flags), THEIRS(btrfs_inode_item, sequence),
              THEIRS(btrfs_inode_item, reserved), THEIRS(btrfs_inode_item, atime), THEIRS(btrfs_inode_item, ctime),
              THEIRS(btrfs_inode_item, mtime), THEIRS(btrfs_inode_item, otime)});
    CHECK(our_fields<btrfs::InodeRef>() ==
          std::vector{THEIRS(btrfs_inode_ref, index), THEIRS(btrfs_inode_ref, name_len)});
    CHECK(our_fields<btrfs::InodeExtref>() ==
          std::vector{PlacedField{"parent", offsetof(btrfs_inode_extref, parent_objectid), 8},
                      THEIRS(btrfs_inode_extref, index), THEIRS(btrfs_inode_extref, name_len)});
    CHECK(our_fields<btrfs::DirItem>() == std::vector{THEIRS(btrfs_dir_item, location), THEIRS(btrfs_dir_item, transid),
                                                      THEIRS(btrfs_dir_item, data_len),
                                                      THEIRS(btrfs_dir_item, name_len), THEIRS(btrfs_dir_item, type)});
    CHECK(our_fields<btrfs::DirLogItem>() == std::vector{THEIRS(btrfs_dir_log_item, end)});
    CHECK(our_fields<btrfs::FileExtentHead, btrfs::FileExtentRange>() ==
          std::vector{THEIRS(btrfs_file_extent_item, generation), THEIRS(btrfs_file_extent_item, ram_bytes),
                      THEIRS(btrfs_file_extent_item, compression), THEIRS(btrfs_file_extent_item, encryption),
                      THEIRS(btrfs_file_extent_item, other_encoding), THEIRS(btrfs_file_extent_item, type),
                      THEIRS(btrfs_file_extent_item, disk_bytenr), THEIRS(btrfs_file_extent_item, disk_num_bytes),
                      THEIRS(btrfs_file_extent_item, offset), THEIRS(btrfs_file_extent_item, num_bytes)});
    CHECK(btrfs::file_extent_item_size == sizeof(btrfs_file_extent_item));
    CHECK(our_fields<btrfs::VerityDescriptorItem>() == std::vector{THEIRS(btrfs_verity_descriptor_item, size),
                                                                   THEIRS(btrfs_verity_descriptor_item, reserved),
                                                                   THEIRS(btrfs_verity_descriptor_item, encryption)});
}

TEST_CASE("roots stand where the kernel's header has them") {
    CHECK(our_fields<btrfs::RootItem>() ==
          std::vector{THEIRS(btrfs_root_item, inode),         THEIRS(btrfs_root_item, generation),
                      THEIRS(btrfs_root_item, root_dirid),    THEIRS(btrfs_root_item, bytenr),
                      THEIRS(btrfs_root_item, byte_limit),    THEIRS(btrfs_root_item, bytes_used),
                      THEIRS(btrfs_root_item, last_snapshot), THEIRS(btrfs_root_item, flags),
                      THEIRS(btrfs_root_item, refs),          THEIRS(btrfs_root_item, drop_progress),
                      THEIRS(btrfs_root_item, drop_level),    THEIRS(btrfs_root_item, level),
                      THEIRS(btrfs_root_item, generation_v2), THEIRS(btrfs_root_item, uuid),
                      THEIRS(btrfs_root_item, parent_uuid),   THEIRS(btrfs_root_item, received_uuid),
                      THEIRS(btrfs_root_item, ctransid),      THEIRS(btrfs_root_item, otransid),
                      THEIRS(btrfs_root_item, stransid),      THEIRS(btrfs_root_item, rtransid),
                      THEIRS(btrfs_root_item, ctime),         THEIRS(btrfs_root_item, otime),
                      THEIRS(btrfs_root_item, stime),         THEIRS(btrfs_root_item, rtime),
                      THEIRS(btrfs_root_item, reserved)});
    CHECK(btrfs::legacy_root_item_size == btrfs_legacy_root_item_size());
    CHECK(our_fields<btrfs::RootRef>() == std::vector{THEIRS(btrfs_root_ref, dirid), THEIRS(btrfs_root_ref, sequence),
                                                      THEIRS(btrfs_root_ref, name_len)});
}

TEST_CASE("free space, quota and balance items stand where the kernel's header has them") {
    CHECK(our_fields<btrfs::FreeSpaceInfo>() ==
          std::vector{THEIRS(btrfs_free_space_info, extent_count), THEIRS(btrfs_free_space_info, flags)});
    CHECK(our_fields<btrfs::FreeSpaceHeader>() ==
          std::vector{THEIRS(btrfs_free_space_header, location), THEIRS(btrfs_free_space_header, generation),
                      THEIRS(btrfs_free_space_header, num_entries), THEIRS(btrfs_free_space_header, num_bitmaps)});
    CHECK(our_fields<btrfs::QgroupStatusItem>() ==
          std::vector{THEIRS(btrfs_qgroup_status_item, version), THEIRS(btrfs_qgroup_status_item, generation),
                      THEIRS(btrfs_qgroup_status_item, flags), THEIRS(btrfs_qgroup_status_item, rescan)});
    CHECK(our_fields<btrfs::QgroupInfoItem>() ==
          std::vector{THEIRS(btrfs_qgroup_info_item, generation), THEIRS(btrfs_qgroup_info_item, rfer),
                      THEIRS(btrfs_qgroup_info_item, rfer_cmpr), THEIRS(btrfs_qgroup_info_item, excl),
                      THEIRS(btrfs_qgroup_info_item, excl_cmpr)});
    CHECK(our_fields<btrfs::QgroupLimitItem>() ==
          std::vector{THEIRS(btrfs_qgroup_limit_item, flags), THEIRS(btrfs_qgroup_limit_item, max_rfer),
                      THEIRS(btrfs_qgroup_limit_item, max_excl), THEIRS(btrfs_qgroup_limit_item, rsv_rfer),
                      THEIRS(btrfs_qgroup_limit_item, rsv_excl)});
    CHECK(our_fields<btrfs::BalanceArgs>() ==
          std::vector{THEIRS(btrfs_disk_balance_args, profiles), THEIRS(btrfs_disk_balance_args, usage_min),
                      THEIRS(btrfs_disk_balance_args, usage_max), THEIRS(btrfs_disk_balance_args, devid),
                      THEIRS(btrfs_disk_balance_args, pstart), THEIRS(btrfs_disk_balance_args, pend),
                      THEIRS(btrfs_disk_balance_args, vstart), THEIRS(btrfs_disk_balance_args, vend),
                      THEIRS(btrfs_disk_balance_args, target), THEIRS(btrfs_disk_balance_args, flags),
                      THEIRS(btrfs_disk_balance_args, limit_min), THEIRS(btrfs_disk_balance_args, limit_max),
                      THEIRS(btrfs_disk_balance_args, stripes_min), THEIRS(btrfs_disk_balance_args, stripes_max),
                      THEIRS(btrfs_disk_balance_args, unused)});
    CHECK(our_fields<btrfs::BalanceItem>() ==
          std::vector{THEIRS(btrfs_balance_item, flags), THEIRS(btrfs_balance_item, data),
                      THEIRS(btrfs_balance_item, meta), THEIRS(btrfs_balance_item, sys),
                      THEIRS(btrfs_balance_item, unused)});
}

} // namespace

} // namespace kernel_layout_test

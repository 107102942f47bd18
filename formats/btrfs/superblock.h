// SPDX-License-Identifier: MIT
// The superblock: where everything begins.
#pragma once

#include "formats/btrfs/device.h"
#include "formats/btrfs/key.h"
#include "formats/btrfs/tree_block.h"

#include <array>

namespace btrfs {

inline constexpr std::size_t superblock_size = 4096;
inline constexpr u64 superblock_magic = 0x4d5f53665248425f; // "_BHRfS_M"
inline constexpr std::array<u64, 3> superblock_offsets = {u64{64} << 10, u64{64} << 20, u64{256} << 30};
inline constexpr std::size_t label_size = 256;
inline constexpr std::size_t sys_chunk_array_size = 2048;
inline constexpr std::size_t backup_root_count = 4;

/// Roots of an earlier transaction; four of them, in rotation.
struct RootBackup {
    le64 tree_root;
    le64 tree_root_gen;
    le64 chunk_root;
    le64 chunk_root_gen;
    le64 extent_root; ///< the block group root with extent-tree-v2
    le64 extent_root_gen;
    le64 fs_root;
    le64 fs_root_gen;
    le64 dev_root;
    le64 dev_root_gen;
    le64 csum_root;
    le64 csum_root_gen;
    le64 total_bytes;
    le64 bytes_used;
    le64 num_devices;
    std::array<le64, 4> unused_64;
    u8 tree_root_level{};
    u8 chunk_root_level{};
    u8 extent_root_level{};
    u8 fs_root_level{};
    u8 dev_root_level{};
    u8 csum_root_level{};
    std::array<u8, 10> unused_8{};
};
template <>
inline constexpr auto fields_of<RootBackup> = FieldList{
    Field{"tree_root", &RootBackup::tree_root},
    Field{"tree_root_gen", &RootBackup::tree_root_gen},
    Field{"chunk_root", &RootBackup::chunk_root},
    Field{"chunk_root_gen", &RootBackup::chunk_root_gen},
    Field{"extent_root", &RootBackup::extent_root},
    Field{"extent_root_gen", &RootBackup::extent_root_gen},
    Field{"fs_root", &RootBackup::fs_root},
    Field{"fs_root_gen", &RootBackup::fs_root_gen},
    Field{"dev_root", &RootBackup::dev_root},
    Field{"dev_root_gen", &RootBackup::dev_root_gen},
    Field{"csum_root", &RootBackup::csum_root},
    Field{"csum_root_gen", &RootBackup::csum_root_gen},
    Field{"total_bytes", &RootBackup::total_bytes},
    Field{"bytes_used", &RootBackup::bytes_used},
    Field{"num_devices", &RootBackup::num_devices},
    Field{"unused_64", &RootBackup::unused_64},
    Field{"tree_root_level", &RootBackup::tree_root_level},
    Field{"chunk_root_level", &RootBackup::chunk_root_level},
    Field{"extent_root_level", &RootBackup::extent_root_level},
    Field{"fs_root_level", &RootBackup::fs_root_level},
    Field{"dev_root_level", &RootBackup::dev_root_level},
    Field{"csum_root_level", &RootBackup::csum_root_level},
    Field{"unused_8", &RootBackup::unused_8},
};
static_assert(layout_is<RootBackup>(168));

struct Superblock {
    CsumBytes csum{}; ///< over all bytes behind it
    Uuid fsid;
    le64 bytenr; ///< where this copy stands
    le64 flags;
    le64 magic;
    le64 generation;
    le64 root;
    le64 chunk_root;
    le64 log_root;
    le64 log_root_transid; ///< no longer used
    le64 total_bytes;
    le64 bytes_used;
    le64 root_dir_objectid;
    le64 num_devices;
    le32 sectorsize;
    le32 nodesize;
    le32 leafsize; ///< deprecated twin of nodesize
    le32 stripesize;
    le32 sys_chunk_array_size;
    le64 chunk_root_generation;
    le64 compat_flags;
    le64 compat_ro_flags;
    le64 incompat_flags;
    le16 csum_type;
    u8 root_level{};
    u8 chunk_root_level{};
    u8 log_root_level{};
    DevItem dev_item;
    std::array<char, label_size> label{};
    le64 cache_generation;
    le64 uuid_tree_generation;
    Uuid metadata_uuid; ///< what tree blocks carry as fsid, if the METADATA_UUID bit is set
    le64 nr_global_roots;
    le64 remap_root;
    le64 remap_root_generation;
    u8 remap_root_level{};
    std::array<u8, 199> reserved{};
    std::array<u8, btrfs::sys_chunk_array_size> sys_chunk_array{};
    std::array<RootBackup, backup_root_count> backup_roots{};
    std::array<u8, 565> padding{};

    constexpr bool has_incompat(u64 flag) const { return (incompat_flags & flag) != 0; }
    /// The uuid that tree blocks and device items of this filesystem carry.
    constexpr const Uuid& tree_fsid() const { return has_incompat(incompat_metadata_uuid) ? metadata_uuid : fsid; }
};
template <>
inline constexpr auto fields_of<Superblock> = FieldList{
    Field{"csum", &Superblock::csum},
    Field{"fsid", &Superblock::fsid},
    Field{"bytenr", &Superblock::bytenr},
    Field{"flags", &Superblock::flags, super_flag_names},
    Field{"magic", &Superblock::magic},
    Field{"generation", &Superblock::generation},
    Field{"root", &Superblock::root},
    Field{"chunk_root", &Superblock::chunk_root},
    Field{"log_root", &Superblock::log_root},
    Field{"log_root_transid", &Superblock::log_root_transid},
    Field{"total_bytes", &Superblock::total_bytes},
    Field{"bytes_used", &Superblock::bytes_used},
    Field{"root_dir_objectid", &Superblock::root_dir_objectid},
    Field{"num_devices", &Superblock::num_devices},
    Field{"sectorsize", &Superblock::sectorsize},
    Field{"nodesize", &Superblock::nodesize},
    Field{"leafsize", &Superblock::leafsize},
    Field{"stripesize", &Superblock::stripesize},
    Field{"sys_chunk_array_size", &Superblock::sys_chunk_array_size},
    Field{"chunk_root_generation", &Superblock::chunk_root_generation},
    Field{"compat_flags", &Superblock::compat_flags},
    Field{"compat_ro_flags", &Superblock::compat_ro_flags, compat_ro_flag_names},
    Field{"incompat_flags", &Superblock::incompat_flags, incompat_flag_names},
    Field{"csum_type", &Superblock::csum_type},
    Field{"root_level", &Superblock::root_level},
    Field{"chunk_root_level", &Superblock::chunk_root_level},
    Field{"log_root_level", &Superblock::log_root_level},
    Field{"dev_item", &Superblock::dev_item},
    Field{"label", &Superblock::label},
    Field{"cache_generation", &Superblock::cache_generation},
    Field{"uuid_tree_generation", &Superblock::uuid_tree_generation},
    Field{"metadata_uuid", &Superblock::metadata_uuid},
    Field{"nr_global_roots", &Superblock::nr_global_roots},
    Field{"remap_root", &Superblock::remap_root},
    Field{"remap_root_generation", &Superblock::remap_root_generation},
    Field{"remap_root_level", &Superblock::remap_root_level},
    Field{"reserved", &Superblock::reserved},
    Field{"sys_chunk_array", &Superblock::sys_chunk_array},
    Field{"backup_roots", &Superblock::backup_roots},
    Field{"padding", &Superblock::padding},
};
static_assert(layout_is<Superblock>(superblock_size));
static_assert(offsetof(Superblock, csum_type) == 0xc4 && offsetof(Superblock, dev_item) == 0xc9);
static_assert(offsetof(Superblock, label) == 0x12b && offsetof(Superblock, metadata_uuid) == 0x23b);
static_assert(offsetof(Superblock, sys_chunk_array) == 0x32b && offsetof(Superblock, backup_roots) == 0xb2b);

} // namespace btrfs

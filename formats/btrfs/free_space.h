// SPDX-License-Identifier: MIT
// Free space: the free-space tree, and the header of the old cache.
#pragma once

#include "formats/btrfs/key.h"

namespace btrfs {

/// FREE_SPACE_INFO, key (block group, 198, length). FREE_SPACE_EXTENT (start, 199, length) has no body.
struct FreeSpaceInfo {
    le32 extent_count;
    le32 flags;
};
template <>
inline constexpr auto fields_of<FreeSpaceInfo> = FieldList{
    Field{"extent_count", &FreeSpaceInfo::extent_count},
    Field{"flags", &FreeSpaceInfo::flags, free_space_info_flag_names},
};
static_assert(layout_is<FreeSpaceInfo>(8));

/// FREE_SPACE_BITMAP, key (start, 200, length): a bit a sector, low bit first, set where the sector is free.
inline constexpr std::size_t free_space_bitmap_size = 256;

/// The old cache's header, key (-11, 0, block group).
struct FreeSpaceHeader {
    DiskKey location; ///< of the inode, in the root tree, that holds the cache
    le64 generation;
    le64 num_entries;
    le64 num_bitmaps;
};
template <>
inline constexpr auto fields_of<FreeSpaceHeader> = FieldList{
    Field{"location", &FreeSpaceHeader::location},
    Field{"generation", &FreeSpaceHeader::generation},
    Field{"num_entries", &FreeSpaceHeader::num_entries},
    Field{"num_bitmaps", &FreeSpaceHeader::num_bitmaps},
};
static_assert(layout_is<FreeSpaceHeader>(41));

/// An entry in the file of the old cache.
struct FreeSpaceEntry {
    le64 offset;
    le64 bytes;
    u8 type{};
};
template <>
inline constexpr auto fields_of<FreeSpaceEntry> = FieldList{
    Field{"offset", &FreeSpaceEntry::offset},
    Field{"bytes", &FreeSpaceEntry::bytes},
    Field{"type", &FreeSpaceEntry::type},
};
static_assert(layout_is<FreeSpaceEntry>(17));

inline constexpr u8 free_space_entry_extent = 1;
inline constexpr u8 free_space_entry_bitmap = 2; ///< bytes: how many of its range are free

} // namespace btrfs

// SPDX-License-Identifier: MIT
// Directory entries and extended attributes (they share one structure), and the log tree's directory ranges.
#pragma once

#include "formats/btrfs/key.h"

namespace btrfs {

enum class FileType : u8 {
    unknown = 0,
    regular = 1,
    directory = 2,
    character_device = 3,
    block_device = 4,
    fifo = 5,
    socket = 6,
    symlink = 7,
    xattr = 8,
};

/// Names of the file types as the peer prints them; index is the number on disk.
inline constexpr std::array<std::string_view, 9> file_type_names = {"",     "FILE", "DIR",     "CHRDEV", "BLKDEV",
                                                                    "FIFO", "SOCK", "SYMLINK", "XATTR"};
/// Set in the type of an entry whose name is encrypted.
inline constexpr u8 file_type_encrypted = 0x80;

/// DIR_ITEM (dir, 84, name hash), DIR_INDEX (dir, 96, sequence), XATTR_ITEM (inode, 24, name hash):
/// one or more, each followed by its name and then its data.
struct DirItem {
    DiskKey location; ///< of the entry's inode or, for a subvolume, its root item; zero for xattrs
    le64 transid;
    le16 data_len;
    le16 name_len;
    u8 type{};
};
template <>
inline constexpr auto fields_of<DirItem> = FieldList{
    Field{"location", &DirItem::location}, Field{"transid", &DirItem::transid}, Field{"data_len", &DirItem::data_len},
    Field{"name_len", &DirItem::name_len}, Field{"type", &DirItem::type},
};
static_assert(layout_is<DirItem>(30));

/// DIR_LOG_ITEM and DIR_LOG_INDEX, key (dir, 60 or 72, first): the log holds all entries from first to end.
struct DirLogItem {
    le64 end;
};
template <>
inline constexpr auto fields_of<DirLogItem> = FieldList{Field{"end", &DirLogItem::end}};
static_assert(layout_is<DirLogItem>(8));

} // namespace btrfs

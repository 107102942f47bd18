// SPDX-License-Identifier: MIT
// Inodes, and the references from an inode back to its names.
#pragma once

#include "formats/btrfs/fields.h"

namespace btrfs {

inline constexpr u32 max_name_length = 255;

struct Timespec {
    le64 sec; ///< signed on disk: seconds since 1970
    le32 nsec;
};
template <>
inline constexpr auto fields_of<Timespec> = FieldList{Field{"sec", &Timespec::sec}, Field{"nsec", &Timespec::nsec}};
static_assert(layout_is<Timespec>(12));

/// InodeItem::rdev is the kernel's own form: the minor number in so many low bits, the major above.
inline constexpr unsigned rdev_minor_bits = 20;

/// INODE_ITEM, key (inode, 1, 0).
struct InodeItem {
    le64 generation;
    le64 transid;
    le64 size;
    le64 nbytes;
    le64 block_group;
    le32 nlink;
    le32 uid;
    le32 gid;
    le32 mode;
    le64 rdev;
    le64 flags;
    le64 sequence;
    std::array<le64, 4> reserved;
    Timespec atime;
    Timespec ctime;
    Timespec mtime;
    Timespec otime;
};
template <>
inline constexpr auto fields_of<InodeItem> = FieldList{
    Field{"generation", &InodeItem::generation},
    Field{"transid", &InodeItem::transid},
    Field{"size", &InodeItem::size},
    Field{"nbytes", &InodeItem::nbytes},
    Field{"block_group", &InodeItem::block_group},
    Field{"nlink", &InodeItem::nlink},
    Field{"uid", &InodeItem::uid},
    Field{"gid", &InodeItem::gid},
    Field{"mode", &InodeItem::mode},
    Field{"rdev", &InodeItem::rdev},
    Field{"flags", &InodeItem::flags, inode_flag_names},
    Field{"sequence", &InodeItem::sequence},
    Field{"reserved", &InodeItem::reserved},
    Field{"atime", &InodeItem::atime},
    Field{"ctime", &InodeItem::ctime},
    Field{"mtime", &InodeItem::mtime},
    Field{"otime", &InodeItem::otime},
};
static_assert(layout_is<InodeItem>(160));

/// INODE_REF, key (inode, 12, parent): one or more, each followed by its name.
struct InodeRef {
    le64 index;
    le16 name_len;
};
template <>
inline constexpr auto fields_of<InodeRef> =
    FieldList{Field{"index", &InodeRef::index}, Field{"name_len", &InodeRef::name_len}};
static_assert(layout_is<InodeRef>(10));

/// INODE_EXTREF, key (inode, 13, hash of parent and name): one or more, each followed by its name.
struct InodeExtref {
    le64 parent;
    le64 index;
    le16 name_len;
};
template <>
inline constexpr auto fields_of<InodeExtref> = FieldList{
    Field{"parent", &InodeExtref::parent},
    Field{"index", &InodeExtref::index},
    Field{"name_len", &InodeExtref::name_len},
};
static_assert(layout_is<InodeExtref>(18));

} // namespace btrfs

// SPDX-License-Identifier: MIT
// Roots of trees, and the references between a subvolume and the directory that it hangs in.
#pragma once

#include "formats/btrfs/inode.h"
#include "formats/btrfs/key.h"
#include "formats/btrfs/uuid.h"

#include <cstddef>

namespace btrfs {

/// ROOT_ITEM, key (tree, 132, 0 or generation of a snapshot's creation). Old filesystems end it at generation_v2;
/// all behind it is void unless generation_v2 equals generation, because old kernels don't keep it up.
struct RootItem {
    InodeItem inode;
    le64 generation;
    le64 root_dirid;
    le64 bytenr;
    le64 byte_limit;
    le64 bytes_used;
    le64 last_snapshot;
    le64 flags;
    le32 refs;
    DiskKey drop_progress;
    u8 drop_level{};
    u8 level{};
    le64 generation_v2;
    Uuid uuid;
    Uuid parent_uuid;
    Uuid received_uuid;
    le64 ctransid;
    le64 otransid;
    le64 stransid;
    le64 rtransid;
    Timespec ctime;
    Timespec otime;
    Timespec stime;
    Timespec rtime;
    std::array<le64, 8> reserved;
};
template <>
inline constexpr auto fields_of<RootItem> = FieldList{
    Field{"inode", &RootItem::inode},
    Field{"generation", &RootItem::generation},
    Field{"root_dirid", &RootItem::root_dirid},
    Field{"bytenr", &RootItem::bytenr},
    Field{"byte_limit", &RootItem::byte_limit},
    Field{"bytes_used", &RootItem::bytes_used},
    Field{"last_snapshot", &RootItem::last_snapshot},
    Field{"flags", &RootItem::flags, root_flag_names},
    Field{"refs", &RootItem::refs},
    Field{"drop_progress", &RootItem::drop_progress},
    Field{"drop_level", &RootItem::drop_level},
    Field{"level", &RootItem::level},
    Field{"generation_v2", &RootItem::generation_v2},
    Field{"uuid", &RootItem::uuid},
    Field{"parent_uuid", &RootItem::parent_uuid},
    Field{"received_uuid", &RootItem::received_uuid},
    Field{"ctransid", &RootItem::ctransid},
    Field{"otransid", &RootItem::otransid},
    Field{"stransid", &RootItem::stransid},
    Field{"rtransid", &RootItem::rtransid},
    Field{"ctime", &RootItem::ctime},
    Field{"otime", &RootItem::otime},
    Field{"stime", &RootItem::stime},
    Field{"rtime", &RootItem::rtime},
    Field{"reserved", &RootItem::reserved},
};
static_assert(layout_is<RootItem>(439));

inline constexpr std::size_t legacy_root_item_size = 239;
static_assert(offsetof(RootItem, generation_v2) == legacy_root_item_size);

/// ROOT_REF (parent tree, 156, child tree) and ROOT_BACKREF (child tree, 144, parent tree), each followed by its name.
struct RootRef {
    le64 dirid;
    le64 sequence;
    le16 name_len;
};
template <>
inline constexpr auto fields_of<RootRef> = FieldList{
    Field{"dirid", &RootRef::dirid},
    Field{"sequence", &RootRef::sequence},
    Field{"name_len", &RootRef::name_len},
};
static_assert(layout_is<RootRef>(18));

} // namespace btrfs

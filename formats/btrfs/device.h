// SPDX-License-Identifier: MIT
// Devices: their items, the extents that chunks occupy on them, their error counters, their replacement.
#pragma once

#include "formats/btrfs/fields.h"
#include "formats/btrfs/uuid.h"

namespace btrfs {

/// DEV_ITEM, key (1, 216, devid); each superblock holds the one of its own device.
struct DevItem {
    le64 devid;
    le64 total_bytes;
    le64 bytes_used;
    le32 io_align;
    le32 io_width;
    le32 sector_size;
    le64 type;
    le64 generation;
    le64 start_offset;
    le32 dev_group;
    u8 seek_speed{};
    u8 bandwidth{};
    Uuid uuid;
    Uuid fsid;
};
template <>
inline constexpr auto fields_of<DevItem> = FieldList{
    Field{"devid", &DevItem::devid},
    Field{"total_bytes", &DevItem::total_bytes},
    Field{"bytes_used", &DevItem::bytes_used},
    Field{"io_align", &DevItem::io_align},
    Field{"io_width", &DevItem::io_width},
    Field{"sector_size", &DevItem::sector_size},
    Field{"type", &DevItem::type},
    Field{"generation", &DevItem::generation},
    Field{"start_offset", &DevItem::start_offset},
    Field{"dev_group", &DevItem::dev_group},
    Field{"seek_speed", &DevItem::seek_speed},
    Field{"bandwidth", &DevItem::bandwidth},
    Field{"uuid", &DevItem::uuid},
    Field{"fsid", &DevItem::fsid},
};
static_assert(layout_is<DevItem>(98));

/// DEV_EXTENT, key (devid, 204, physical): the stripe of a chunk that lies there.
struct DevExtent {
    le64 chunk_tree;
    le64 chunk_objectid;
    le64 chunk_offset; ///< logical address of the chunk
    le64 length;
    Uuid chunk_tree_uuid;
};
template <>
inline constexpr auto fields_of<DevExtent> = FieldList{
    Field{"chunk_tree", &DevExtent::chunk_tree},           Field{"chunk_objectid", &DevExtent::chunk_objectid},
    Field{"chunk_offset", &DevExtent::chunk_offset},       Field{"length", &DevExtent::length},
    Field{"chunk_tree_uuid", &DevExtent::chunk_tree_uuid},
};
static_assert(layout_is<DevExtent>(48));

/// PERSISTENT_ITEM with objectid DEV_STATS, key (0, 249, devid).
struct DevStatsItem {
    le64 write_errs;
    le64 read_errs;
    le64 flush_errs;
    le64 corruption_errs;
    le64 generation_errs;
};
template <>
inline constexpr auto fields_of<DevStatsItem> = FieldList{
    Field{"write_errs", &DevStatsItem::write_errs},           Field{"read_errs", &DevStatsItem::read_errs},
    Field{"flush_errs", &DevStatsItem::flush_errs},           Field{"corruption_errs", &DevStatsItem::corruption_errs},
    Field{"generation_errs", &DevStatsItem::generation_errs},
};
static_assert(layout_is<DevStatsItem>(40));

/// DEV_REPLACE, key (0, 250, 0) of the device tree.
struct DevReplaceItem {
    le64 src_devid;
    le64 cursor_left;
    le64 cursor_right;
    le64 cont_reading_from_srcdev_mode;
    le64 replace_state;
    le64 time_started; ///< seconds since 1970
    le64 time_stopped;
    le64 num_write_errors;
    le64 num_uncorrectable_read_errors;
};
template <>
inline constexpr auto fields_of<DevReplaceItem> = FieldList{
    Field{"src_devid", &DevReplaceItem::src_devid},
    Field{"cursor_left", &DevReplaceItem::cursor_left},
    Field{"cursor_right", &DevReplaceItem::cursor_right},
    Field{"cont_reading_from_srcdev_mode", &DevReplaceItem::cont_reading_from_srcdev_mode},
    Field{"replace_state", &DevReplaceItem::replace_state},
    Field{"time_started", &DevReplaceItem::time_started},
    Field{"time_stopped", &DevReplaceItem::time_stopped},
    Field{"num_write_errors", &DevReplaceItem::num_write_errors},
    Field{"num_uncorrectable_read_errors", &DevReplaceItem::num_uncorrectable_read_errors},
};
static_assert(layout_is<DevReplaceItem>(72));

} // namespace btrfs

// SPDX-License-Identifier: MIT
// Chunks: how logical addresses are laid on devices.
#pragma once

#include "formats/btrfs/block_group.h"
#include "formats/btrfs/uuid.h"

namespace btrfs {

struct StripeItem {
    le64 devid;
    le64 offset; ///< physical, on that device
    Uuid dev_uuid;
};
template <>
inline constexpr auto fields_of<StripeItem> = FieldList{
    Field{"devid", &StripeItem::devid},
    Field{"offset", &StripeItem::offset},
    Field{"dev_uuid", &StripeItem::dev_uuid},
};
static_assert(layout_is<StripeItem>(32));

/// CHUNK_ITEM, key (256, 228, logical); num_stripes StripeItems follow.
struct ChunkItem {
    le64 length;
    le64 owner; ///< the tree that the chunk is charged to: 2, the extent tree
    le64 stripe_len;
    le64 type;
    le32 io_align;
    le32 io_width;
    le32 sector_size;
    le16 num_stripes;
    le16 sub_stripes;
};
template <>
inline constexpr auto fields_of<ChunkItem> = FieldList{
    Field{"length", &ChunkItem::length},           Field{"owner", &ChunkItem::owner},
    Field{"stripe_len", &ChunkItem::stripe_len},   Field{"type", &ChunkItem::type, block_group_flag_names},
    Field{"io_align", &ChunkItem::io_align},       Field{"io_width", &ChunkItem::io_width},
    Field{"sector_size", &ChunkItem::sector_size}, Field{"num_stripes", &ChunkItem::num_stripes},
    Field{"sub_stripes", &ChunkItem::sub_stripes},
};
static_assert(layout_is<ChunkItem>(48));

constexpr std::size_t chunk_item_size(std::size_t num_stripes) {
    return sizeof(ChunkItem) + num_stripes * sizeof(StripeItem);
}

} // namespace btrfs

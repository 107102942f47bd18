// SPDX-License-Identifier: MIT
#include "libfs/volume/chunk_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/item_buffer.h"

namespace btrkit {

btrfs::Key chunk_key(const Chunk& chunk) {
    return {btrfs::first_chunk_tree_objectid, btrfs::item_type::chunk_item, chunk.start.bytenr};
}

std::vector<std::byte> chunk_item(const Chunk& chunk, u32 sectorsize) {
    ItemBuffer item;
    item.add(btrfs::ChunkItem{
        .length = chunk.length,
        .owner = btrfs::extent_tree_id,
        .stripe_len = btrfs::raid_stripe_length,
        .type = chunk.type,
        .io_align = btrfs::raid_stripe_length,
        .io_width = btrfs::raid_stripe_length,
        .sector_size = sectorsize,
        .num_stripes = static_cast<u16>(chunk.stripes.size()),
        .sub_stripes = static_cast<u16>(chunk.sub_stripes),
    });
    for (const auto& stripe : chunk.stripes) {
        item.add(btrfs::StripeItem{.devid = stripe.devid, .offset = stripe.offset, .dev_uuid = stripe.dev_uuid});
    }
    return item.release();
}

btrfs::DevExtent device_extent(const Chunk& chunk, const btrfs::Uuid& chunk_tree_uuid) {
    return {.chunk_tree = btrfs::chunk_tree_id,
            .chunk_objectid = btrfs::first_chunk_tree_objectid,
            .chunk_offset = chunk.start.bytenr,
            .length = chunk.stripe_length_bytes(),
            .chunk_tree_uuid = chunk_tree_uuid};
}

btrfs::DevItem device_item(const DeviceUse& device, const Geometry& geometry) {
    return {
        .devid = device.devid,
        .total_bytes = device.total_bytes,
        .bytes_used = device.used_bytes,
        .io_align = geometry.sectorsize,
        .io_width = geometry.sectorsize,
        .sector_size = geometry.sectorsize,
        .uuid = device.uuid,
        .fsid = geometry.tree_fsid,
    };
}

} // namespace btrkit

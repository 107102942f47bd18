// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/device_trees.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/mkfs/image/item_buffer.h"

#include <algorithm>

namespace btrkit::mkfs {

TreeIdentity identity_of(const Parameters& parameters, u64 tree) {
    return {.tree = tree, .generation = first_generation, .chunk_tree_uuid = parameters.chunk_tree_uuid};
}

btrfs::DevItem device_item(const Parameters& parameters, const DeviceSpace& device) {
    const u32 sectorsize = parameters.geometry.sectorsize;
    return {
        .devid = device.devid,
        .total_bytes = device.size_bytes,
        .bytes_used = device.allocated_bytes(),
        .io_align = sectorsize,
        .io_width = sectorsize,
        .sector_size = sectorsize,
        .uuid = device.uuid,
        .fsid = parameters.fsid,
    };
}

std::vector<std::byte> chunk_item(const Parameters& parameters, const Chunk& chunk) {
    ItemBuffer body;
    body.add(btrfs::ChunkItem{
        .length = chunk.length,
        .owner = btrfs::extent_tree_id,
        .stripe_len = btrfs::raid_stripe_length,
        .type = chunk.type,
        .io_align = btrfs::raid_stripe_length,
        .io_width = btrfs::raid_stripe_length,
        .sector_size = parameters.geometry.sectorsize,
        .num_stripes = static_cast<u16>(chunk.stripes.size()),
        .sub_stripes = static_cast<u16>(chunk.sub_stripes),
    });
    for (const auto& stripe : chunk.stripes) {
        body.add(btrfs::StripeItem{.devid = stripe.devid, .offset = stripe.offset, .dev_uuid = stripe.dev_uuid});
    }
    return {body.bytes().begin(), body.bytes().end()};
}

Result<BuiltTree> build_chunk_tree(const Parameters& parameters, const Layout& layout, BlockSink& sink) {
    TreeBuilder tree(parameters.geometry, identity_of(parameters, btrfs::chunk_tree_id), sink);
    for (const auto& device : layout.devices) {
        const auto item = device_item(parameters, device);
        const btrfs::Key key = {btrfs::dev_items_objectid, btrfs::item_type::dev_item, device.devid};
        BTRKIT_TRY(tree.add(key, as_bytes_of(item)));
    }
    for (const auto* chunk : layout.chunks()) {
        const btrfs::Key key = {btrfs::first_chunk_tree_objectid, btrfs::item_type::chunk_item, chunk->start.bytenr};
        BTRKIT_TRY(tree.add(key, chunk_item(parameters, *chunk)));
    }
    return tree.finish();
}

Result<BuiltTree> build_device_tree(const Parameters& parameters, const Layout& layout, BlockSink& sink) {
    TreeBuilder tree(parameters.geometry, identity_of(parameters, btrfs::dev_tree_id), sink);
    for (const auto& device : layout.devices) {
        const btrfs::DevStatsItem no_errors;
        const btrfs::Key key = {btrfs::dev_stats_objectid, btrfs::item_type::persistent_item, device.devid};
        BTRKIT_TRY(tree.add(key, as_bytes_of(no_errors)));
    }
    std::vector<std::pair<Physical, const Chunk*>> stripes;
    for (const auto* chunk : layout.chunks()) {
        for (const auto& stripe : chunk->stripes) {
            stripes.push_back({{stripe.devid, stripe.offset}, chunk});
        }
    }
    std::ranges::sort(stripes, {}, &std::pair<Physical, const Chunk*>::first);
    for (const auto& [place, chunk] : stripes) {
        const btrfs::DevExtent extent = {.chunk_tree = btrfs::chunk_tree_id,
                                         .chunk_objectid = btrfs::first_chunk_tree_objectid,
                                         .chunk_offset = chunk->start.bytenr,
                                         .length = chunk->stripe_length_bytes(),
                                         .chunk_tree_uuid = parameters.chunk_tree_uuid};
        BTRKIT_TRY(tree.add({place.devid, btrfs::item_type::dev_extent, place.offset}, as_bytes_of(extent)));
    }
    return tree.finish();
}

} // namespace btrkit::mkfs

// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/trees.h"

#include "formats/btrfs/item_types.h"

#include <algorithm>

namespace btrkit::mkfs {

TreeIdentity identity_of(const Parameters& parameters, u64 tree) {
    return {.tree = tree, .generation = first_generation, .chunk_tree_uuid = parameters.chunk_tree_uuid};
}

btrfs::DevItem device_item_of(const Parameters& parameters, const DeviceSpace& device) {
    return device_item({.devid = device.devid,
                        .uuid = device.uuid,
                        .total_bytes = device.size_bytes,
                        .used_bytes = device.allocated_bytes()},
                       parameters.geometry);
}

Result<BuiltTree> build_chunk_tree(const Parameters& parameters, const Layout& layout, BlockSink& sink) {
    TreeBuilder tree(parameters.geometry, identity_of(parameters, btrfs::chunk_tree_id), sink);
    for (const auto& device : layout.devices) {
        const auto item = device_item_of(parameters, device);
        const btrfs::Key key = {btrfs::dev_items_objectid, btrfs::item_type::dev_item, device.devid};
        BTRKIT_TRY(tree.add(key, as_bytes_of(item)));
    }
    for (const auto* chunk : layout.chunks()) {
        BTRKIT_TRY(tree.add(chunk_key(*chunk), chunk_item(*chunk, parameters.geometry.sectorsize)));
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
        const auto extent = device_extent(*chunk, parameters.chunk_tree_uuid);
        BTRKIT_TRY(tree.add({place.devid, btrfs::item_type::dev_extent, place.offset}, as_bytes_of(extent)));
    }
    return tree.finish();
}

} // namespace btrkit::mkfs

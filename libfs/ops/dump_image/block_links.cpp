// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/block_links.h"

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/filesystem.h"

namespace btrkit::dump_image {

namespace {

/// No cache file is longer in practice; what seems to be one is not data of users then.
constexpr u64 most_cache_bytes = u64{64} << 20;

void add_cache(Bytes body, BlockLinks& links) {
    const auto* head = view_at<btrfs::FileExtentHead>(body);
    const auto* range = view_at<btrfs::FileExtentRange>(body, sizeof(btrfs::FileExtentHead));
    if (range == nullptr || head->type == static_cast<u8>(btrfs::FileExtentType::inline_data)) {
        return;
    }
    const u64 start = range->disk_bytenr;
    const u64 length = range->disk_num_bytes;
    if (start != 0 && length <= most_cache_bytes && start <= ~u64{0} - length) {
        links.caches.push_back({.start = start, .end = start + length});
    }
}

void add_leaf_links(const BlockView& leaf, bool is_sound, BlockLinks& links) {
    const u64 owner = leaf.header().owner;
    if (owner != btrfs::root_tree_id && owner != btrfs::tree_log_id) {
        return;
    }
    for (u32 slot = 0; slot < leaf.count(); ++slot) {
        const auto key = leaf.key(slot);
        if (key.type == btrfs::item_type::root_item) {
            if (const auto root = parse_root_item(key, leaf.item_data(slot))) {
                links.blocks.push_back(root->block.address.bytenr);
            }
        } else if (is_sound && key.type == btrfs::item_type::extent_data && owner == btrfs::root_tree_id) {
            add_cache(leaf.item_data(slot), links);
        }
    }
}

} // namespace

void add_links(const BlockView& block, bool is_sound, BlockLinks& links) {
    if (block.is_leaf()) {
        return add_leaf_links(block, is_sound, links);
    }
    for (u32 slot = 0; slot < block.count(); ++slot) {
        links.blocks.push_back(block.pointer(slot).blockptr);
    }
}

} // namespace btrkit::dump_image

// SPDX-License-Identifier: MIT
// The items of a leaf as a list, and a leaf from such a list: for what makes items appear and vanish.
#pragma once

#include "libfs/tree/block_view.h"
#include "tests/support/build_leaf.h"

#include <optional>

namespace btrkit::test {

inline std::vector<LeafItem> items_in(const BlockView& leaf) {
    std::vector<LeafItem> items;
    for (u32 slot = 0; slot < leaf.count(); ++slot) {
        items.push_back({leaf.key(slot), copy_of(leaf.item_data(slot))});
    }
    return items;
}

/// The leaf with these items instead, its header otherwise as it was; nothing where they don't fit.
inline std::optional<Block> with_items(const Block& leaf, const std::vector<LeafItem>& items) {
    const u32 room = btrfs::leaf_data_size(static_cast<u32>(leaf.size()));
    std::size_t need = items.size() * sizeof(btrfs::ItemHeader);
    for (const auto& item : items) {
        need += item.data.size();
    }
    if (need > room) {
        return std::nullopt;
    }
    Block block(leaf.size());
    std::copy_n(leaf.begin(), sizeof(btrfs::TreeBlockHeader), block.begin());
    header_in(block).nritems = static_cast<u32>(items.size());
    u32 end = room;
    for (u32 slot = 0; slot < items.size(); ++slot) {
        const auto& item = items[slot];
        end -= static_cast<u32>(item.data.size());
        item_in(block, slot) = {
            .key = btrfs::DiskKey::from(item.key), .offset = end, .size = static_cast<u32>(item.data.size())};
        std::ranges::copy(item.data, block.begin() + sizeof(btrfs::TreeBlockHeader) + end);
    }
    return block;
}

} // namespace btrkit::test

// SPDX-License-Identifier: MIT
#include "libfs/relocate/moved_blocks.h"

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"

namespace btrkit {

Result<std::optional<std::span<const LeafItem>>> MovedBlocks::changed_items(const TreeBlock& leaf) {
    items_.clear();
    bodies_ = {};
    bool is_changed = false;
    for (u32 slot = 0; slot < leaf.count(); ++slot) {
        auto& item = items_.emplace_back(LeafItem{.key = leaf.key(slot), .body = leaf.item_data(slot)});
        if (item.key.type != btrfs::item_type::extent_data) {
            continue;
        }
        const auto extent = stored_extent(item.body);
        const auto now = extent ? data_.find(extent->range.disk_bytenr) : std::nullopt;
        if (!now) {
            continue;
        }
        const auto body = bodies_.take(item.body.size());
        std::ranges::copy(item.body, body.begin());
        reinterpret_cast<btrfs::FileExtentRange*>(body.data() + sizeof(btrfs::FileExtentHead))->disk_bytenr = *now;
        item.body = body;
        is_changed = true;
    }
    return is_changed ? std::optional(std::span<const LeafItem>(items_)) : std::nullopt;
}

} // namespace btrkit

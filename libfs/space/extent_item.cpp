// SPDX-License-Identifier: MIT
#include "libfs/space/extent_item.h"

#include "libfs/tree/extent_ref.h"

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

bool has_block_info(const Extent& extent, const btrfs::Key& key) {
    return key.type == type::extent_item && !extent.is_data();
}

} // namespace

std::optional<Extent> parse_extent(const btrfs::Key& key, Bytes body, const Geometry& geometry) {
    const auto* item = view_at<btrfs::ExtentItem>(body);
    if (item == nullptr || (key.type != type::extent_item && key.type != type::metadata_item)) {
        return std::nullopt;
    }
    Extent extent{.bytenr = key.objectid,
                  .length_bytes = key.offset,
                  .refs = item->refs,
                  .generation = item->generation,
                  .flags = item->flags};
    if (key.type == type::metadata_item) {
        extent.length_bytes = geometry.nodesize;
        extent.level = static_cast<u8>(std::min<u64>(key.offset, 0xff));
    } else if (has_block_info(extent, key)) {
        const auto* info = view_at<btrfs::TreeBlockInfo>(body, sizeof(*item));
        extent.level = info == nullptr ? u8{0} : info->level;
    }
    return extent;
}

Bytes inline_refs_of(const Extent& extent, const btrfs::Key& key, Bytes body) {
    const std::size_t before =
        sizeof(btrfs::ExtentItem) + (has_block_info(extent, key) ? sizeof(btrfs::TreeBlockInfo) : 0);
    return body.subspan(std::min(before, body.size()));
}

std::optional<u64> owner_of_block(const Extent& extent, const btrfs::Key& key, Bytes body) {
    if (extent.is_data()) {
        return std::nullopt;
    }
    std::optional<u64> owner;
    InlineRefs refs(inline_refs_of(extent, key, body));
    while (const auto ref = refs.next()) {
        if (ref->type != type::tree_block_ref) {
            return std::nullopt;
        }
        owner = owner.value_or(ref->root);
    }
    return refs.rest().empty() ? owner : std::nullopt;
}

} // namespace btrkit

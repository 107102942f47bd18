// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/item_places.h"

namespace btrkit::repair {

namespace {

/// Each item's data ends where that of the one before it begins.
std::optional<Block> by_sizes(const Geometry& geometry, const Block& block) {
    Block candidate = block;
    u64 end = btrfs::leaf_data_size(geometry.nodesize);
    for (auto& item : items_of(candidate)) {
        if (item.size > end) {
            return std::nullopt;
        }
        end -= item.size;
        item.offset = static_cast<u32>(end);
    }
    return candidate;
}

/// One item is not as long as its place.
std::optional<Block> size_by_places(const Geometry& geometry, const Block& block) {
    Block candidate = block;
    u64 end = btrfs::leaf_data_size(geometry.nodesize);
    unsigned count = 0;
    for (auto& item : items_of(candidate)) {
        if (item.offset > end) {
            return std::nullopt;
        }
        count += item.size != end - item.offset ? 1 : 0;
        item.size = static_cast<u32>(end - item.offset);
        end = item.offset;
    }
    return count == 1 ? std::optional(std::move(candidate)) : std::nullopt;
}

/// The data is where the items say, only not side by side.
std::optional<Block> by_places(const Geometry& geometry, const Block& block) {
    auto candidate = by_sizes(geometry, block);
    if (!candidate) {
        return std::nullopt;
    }
    u64 end = btrfs::leaf_data_size(geometry.nodesize);
    const BlockView was(block);
    for (u32 slot = 0; slot < was.count(); ++slot) {
        const auto& item = was.item(slot);
        if (u64{item.offset} + item.size > end) {
            return std::nullopt;
        }
        end = item.offset;
        const auto& place = BlockView(*candidate).item(slot);
        std::ranges::copy(was.item_data(slot), candidate->begin() + static_cast<std::ptrdiff_t>(
                                                                        sizeof(btrfs::TreeBlockHeader) + place.offset));
    }
    return candidate;
}

} // namespace

std::vector<PlacedItems> with_items_in_place(const Geometry& geometry, const Block& leaf) {
    std::vector<PlacedItems> ways;
    for (const auto& [way, what] :
         {std::pair(&by_sizes, "the place of an item"), std::pair(&size_by_places, "the size of an item"),
          std::pair(&by_places, "the places of items")}) {
        if (auto candidate = way(geometry, leaf)) {
            ways.push_back({.leaf = std::move(*candidate), .what = what});
        }
    }
    return ways;
}

} // namespace btrkit::repair

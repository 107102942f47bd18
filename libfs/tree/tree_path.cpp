// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_path.h"

#include <ranges>

namespace btrkit {

namespace {

template <class Compare>
u32 first_slot(const TreeBlock& block, const btrfs::Key& key, Compare is_there) {
    const auto slots = std::views::iota(u32{0}, block.count());
    const auto found = std::ranges::partition_point(slots, [&](u32 slot) { return !is_there(block.key(slot), key); });
    return static_cast<u32>(found - slots.begin());
}

} // namespace

u32 first_slot_at_or_above(const TreeBlock& block, const btrfs::Key& key) {
    return first_slot(block, key, std::ranges::greater_equal());
}

u32 first_slot_above(const TreeBlock& block, const btrfs::Key& key) {
    return first_slot(block, key, std::ranges::greater());
}

u32 child_slot(const TreeBlock& node, const btrfs::Key& key) {
    return std::max(first_slot_above(node, key), u32{1}) - 1;
}

/// What enter() goes into.
Promise TreePath::below() const {
    if (empty()) {
        return root_;
    }
    return child_promise(bottom().block(), bottom().slot, {.tree = root_.tree, .end = bottom().end});
}

Result<void> TreePath::enter() {
    const auto promise = below();
    BTRKIT_TRY_ASSIGN(auto block, cache_->get(promise));
    steps_.push_back({.owned = std::move(block), .end = promise.end});
    return {};
}

void TreePath::prefetch(std::span<const u32> slots) const {
    std::vector<Logical> places;
    places.reserve(slots.size());
    for (const u32 slot : slots) {
        places.push_back({bottom().block().pointer(slot).blockptr});
    }
    cache_->prefetch(places);
}

} // namespace btrkit

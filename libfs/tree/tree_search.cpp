// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_search.h"

#include <ranges>

namespace btrkit {

/// Stands the path on the last leaf that doesn't begin behind key. False where all begin behind it, or none has items:
/// then the path's bottom is the root.
Result<bool> TreeSearch::descend(const btrfs::Key& key) {
    if (path_.empty()) {
        BTRKIT_TRY(path_.enter());
    }
    while (path_.steps().size() > 1 && !path_.bottom().covers(key)) {
        path_.leave();
    }
    if (const auto& block = path_.bottom().block(); block.count() == 0 || key < block.key(0)) {
        return false;
    }
    while (path_.bottom().level() > 0) {
        auto& node = path_.bottom();
        node.slot = child_slot(node.block(), key);
        BTRKIT_TRY(path_.enter());
    }
    return true;
}

Result<bool> TreeSearch::find(const btrfs::Key& key) {
    const auto there = descend(key);
    if (!there || !*there) {
        stand_on_none();
        return there;
    }
    const auto& leaf = path_.bottom().block();
    const u32 slot = first_slot_at_or_above(leaf, key);
    return slot < leaf.count() && leaf.key(slot) == key ? stand_on(slot) : stand_on_none();
}

Result<bool> TreeSearch::seek_back(const btrfs::Key& key) {
    const auto there = descend(key);
    if (!there || !*there) {
        stand_on_none();
        return there;
    }
    return stand_on(first_slot_above(path_.bottom().block(), key) - 1);
}

Result<bool> TreeSearch::seek(const btrfs::Key& key) {
    const auto there = descend(key);
    if (!there) {
        stand_on_none();
        return there;
    }
    while (path_.bottom().level() > 0) {
        path_.bottom().slot = 0;
        if (auto entered = path_.enter(); !entered) {
            stand_on_none();
            return std::unexpected(std::move(entered.error()));
        }
    }
    const auto& leaf = path_.bottom().block();
    const u32 slot = first_slot_at_or_above(leaf, key);
    return slot < leaf.count() ? stand_on(slot) : enter_next_leaf(Crossing::seeking);
}

Result<bool> TreeSearch::next() {
    if (slot_ + 1 < leaf_->block().count()) {
        ++slot_;
        return true;
    }
    return enter_next_leaf(Crossing::scanning);
}

/// Needs a path that ends in a leaf.
Result<bool> TreeSearch::enter_next_leaf(Crossing crossing) {
    stand_on_none();
    std::size_t depth = path_.steps().size() - 1;
    while (depth > 0 && path_.steps()[depth - 1].slot + 1 >= path_.steps()[depth - 1].count()) {
        --depth;
    }
    if (depth == 0) {
        return false;
    }
    path_.leave_down_to(depth);
    ++path_.bottom().slot;
    while (path_.bottom().level() > 0) {
        BTRKIT_TRY(path_.enter());
        if (crossing == Crossing::scanning && path_.bottom().level() == 1) {
            const auto all = std::views::iota(u32{0}, path_.bottom().count());
            path_.prefetch(std::vector<u32>(all.begin(), all.end()));
        }
    }
    return stand_on(0);
}

bool TreeSearch::stand_on(u32 slot) {
    slot_ = slot;
    if (leaf_ != path_.bottom().owned) {
        leaf_ = path_.bottom().owned;
    }
    return true;
}

bool TreeSearch::stand_on_none() {
    leaf_.reset();
    return false;
}

} // namespace btrkit

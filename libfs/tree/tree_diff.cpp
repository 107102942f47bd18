// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_diff.h"

namespace btrkit {

TreeDiff::Walker::Walker(const Side& side) {
    if (side.cache != nullptr) {
        path_.emplace(*side.cache, side.root);
    }
}

TreeDiff::Walker::Target TreeDiff::Walker::target() const {
    if (path_->empty()) {
        return {.address = path_->root().address, .generation = path_->root().generation};
    }
    const auto& pointer = path_->bottom().block().pointer(path_->bottom().slot);
    return {.address = {pointer.blockptr}, .generation = pointer.generation};
}

bool TreeDiff::Walker::points_where(const Walker& other) const {
    return level() == other.level() && target() == other.target();
}

Result<void> TreeDiff::Walker::descend() {
    auto entered = path_->enter();
    if (entered) {
        settle();
    } else {
        step_over();
    }
    return entered;
}

void TreeDiff::Walker::step_over() {
    if (path_->empty()) {
        path_.reset();
        return;
    }
    ++path_->bottom().slot;
    settle();
}

/// Goes up and on from behind the last slot of a block.
void TreeDiff::Walker::settle() {
    while (path_->bottom().slot >= path_->bottom().count()) {
        path_->leave();
        if (path_->empty()) {
            path_.reset();
            return;
        }
        ++path_->bottom().slot;
    }
    key_ = path_->bottom().key();
}

const TreePath::Step* TreeDiff::Walker::step_of_level(u8 level) const {
    const auto steps = path_->steps();
    if (steps.empty() || steps.front().level() < level || steps.back().level() > level) {
        return nullptr;
    }
    return &steps[std::size_t{steps.front().level()} - level];
}

TreeDiff::TreeDiff(const Side& new_tree) : TreeDiff(new_tree, {}, false) {}

TreeDiff::TreeDiff(const Side& new_tree, const Side& old_tree, bool may_share)
    : new_(new_tree), old_(old_tree), may_share_(may_share) {}

/// Which side is behind the other; one that has ended never is. Needs one that has not.
std::strong_ordering TreeDiff::order() const {
    if (new_.ended()) {
        return std::strong_ordering::greater;
    }
    if (old_.ended()) {
        return std::strong_ordering::less;
    }
    return new_.key() <=> old_.key();
}

Result<std::optional<ItemDifference>> TreeDiff::next() {
    // Whichever side is behind has keys that the other can't have any more: its items stand alone, its pointers are
    // followed. At the same key, blocks that both have are passed over; else the higher pointer is followed. So no side
    // goes into a block that both have before the other one stands on a pointer to it, too.
    while (!new_.ended() || !old_.ended()) {
        const auto difference = order();
        const bool same_key = difference == 0;
        Walker& behind = difference < 0 || (same_key && new_.level() >= old_.level()) ? new_ : old_;
        const Walker& other = &behind == &new_ ? old_ : new_;
        if (behind.on_item()) {
            if (same_key) {
                return take_both();
            }
            return take_one(&behind == &new_ ? ItemChange::added : ItemChange::deleted);
        }
        if (same_key && may_share_ && behind.points_where(other)) {
            new_.step_over();
            old_.step_over();
            continue;
        }
        behind.prefetch(other, may_share_);
        BTRKIT_TRY(behind.descend());
    }
    return std::nullopt;
}

ItemDifference TreeDiff::take_one(ItemChange change) {
    const bool is_new = change == ItemChange::added;
    Walker& walker = is_new ? new_ : old_;
    ItemDifference taken{.change = change, .key = walker.key(), .new_item = {}, .old_item = {}};
    (is_new ? taken.new_item : taken.old_item) = walker.item();
    walker.step_over();
    return taken;
}

ItemDifference TreeDiff::take_both() {
    const bool equal = std::ranges::equal(new_.data(), old_.data());
    ItemDifference taken{.change = equal ? ItemChange::same : ItemChange::changed,
                         .key = new_.key(),
                         .new_item = new_.item(),
                         .old_item = old_.item()};
    new_.step_over();
    old_.step_over();
    return taken;
}

/// A node, beside the other side of the comparison.
class TreeDiff::Walker::Neighbour {
public:
    Neighbour(const TreePath::Step& node, const Walker& other, bool may_share)
        : node_(&node), other_(&other), alone_(!may_share || other.ended() || is_lower(other, node.level())),
          beside_(alone_ ? nullptr : other.step_of_level(node.level())) {}

    Fate fate_of(u32 slot) const {
        const auto key = node_->block().key(slot);
        if (alone_ || key < other_->key()) {
            return Fate::read;
        }
        if (beside_ == nullptr || (beside_->end && key >= *beside_->end)) {
            return Fate::unknown;
        }
        const u32 found = first_slot_at_or_above(beside_->block(), key);
        if (found == beside_->count() || beside_->block().key(found) != key) {
            return Fate::read;
        }
        const auto& pointer = node_->block().pointer(slot);
        const auto& pointer_beside = beside_->block().pointer(found);
        const bool shared =
            pointer.blockptr == pointer_beside.blockptr && pointer.generation == pointer_beside.generation;
        return shared ? Fate::skipped : Fate::read;
    }

private:
    /// Whether that tree has no nodes of that level.
    static bool is_lower(const Walker& walker, u8 level) {
        return !walker.path_->empty() && walker.path_->steps().front().level() < level;
    }

    const TreePath::Step* node_;
    const Walker* other_;
    bool alone_;                   ///< nothing of it is shared
    const TreePath::Step* beside_; ///< the other side's node of the same level, if it is in one
};

/// Stops at the first slot of which it is not known yet, and is asked again when that is reached.
void TreeDiff::Walker::prefetch(const Walker& other, bool may_share) {
    if (path_->empty() || path_->bottom().slot < path_->bottom().prefetched) {
        return;
    }
    auto& node = path_->bottom();
    const Neighbour neighbour(node, other, may_share);
    std::vector<u32> wanted;
    u32 slot = node.slot;
    for (; slot < node.count(); ++slot) {
        const auto fate = neighbour.fate_of(slot);
        if (fate == Fate::unknown) {
            break;
        }
        if (fate == Fate::read) {
            wanted.push_back(slot);
        }
    }
    node.prefetched = std::max(slot, node.slot + 1);
    path_->prefetch(wanted);
}

} // namespace btrkit

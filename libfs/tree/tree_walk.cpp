// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_walk.h"

namespace btrkit {

namespace {

/// Children of a node that are asked for ahead of their turn.
constexpr u32 prefetch_window = 64;

} // namespace

TreeWalk::TreeWalk(const BlockReader& reader, const Promise& root, WalkOrder order, const KeyRange& keys)
    : reader_(&reader), root_(root), order_(order), keys_(keys),
      target_level_(order == WalkOrder::breadth_first ? *root.level : u8{0}) {
    path_.reserve(btrfs::max_level_count);
}

std::optional<Promise> TreeWalk::next() {
    while (!done_) {
        auto promise = pass_begun_ ? next_in_pass() : begin_pass();
        if (promise) {
            return promise;
        }
        if (!path_.empty()) {
            continue;
        }
        // The pass is over. Breadth first, the next one goes a level deeper.
        done_ = order_ != WalkOrder::breadth_first || target_level_ == 0;
        if (!done_) {
            --target_level_;
            pass_begun_ = false;
        }
    }
    return std::nullopt;
}

std::optional<Promise> TreeWalk::begin_pass() {
    pass_begun_ = true;
    if (root_level() > target_level_ && !enter_proven(root_) && order_ == WalkOrder::leaves_only) {
        return root_;
    }
    return wants(root_level()) ? std::optional(root_) : std::nullopt;
}

std::optional<Promise> TreeWalk::next_in_pass() {
    while (!path_.empty()) {
        auto child = next_child(path_.back());
        if (!child) {
            path_.pop_back();
            continue;
        }
        const u8 level = *child->level;
        if (level > target_level_ && !enter_proven(*child) && order_ == WalkOrder::leaves_only) {
            return child;
        }
        if (wants(level)) {
            return child;
        }
    }
    return std::nullopt;
}

std::optional<Promise> TreeWalk::next_child(Frame& frame) const {
    const BlockView node = frame.node.view();
    while (frame.slot < node.count()) {
        const u32 slot = frame.slot;
        if (frame.promise.end && node.key(slot) >= *frame.promise.end) {
            return std::nullopt;
        }
        // Nodes that are not well-formed are followed as far as their keys ascend.
        frame.slot = next_ascending_slot(node, slot);
        const auto child = child_promise(node, slot, frame.promise);
        if (keys_.ends_before(*child.first_key) || (child.end && *child.end <= keys_.first)) {
            continue;
        }
        prefetch_children(frame);
        return child;
    }
    return std::nullopt;
}

/// Goes below a node as far as it can be read. False unless it is proven.
bool TreeWalk::enter_proven(const Promise& promise) {
    Frame frame{.node = OwnedBlock(*reader_, promise), .promise = promise};
    const auto state = frame.node.state();
    if (state != BlockState::lost) {
        path_.push_back(std::move(frame));
    }
    return state == BlockState::proven;
}

/// Those that come next, and no more: a walk may end anywhere.
void TreeWalk::prefetch_children(Frame& frame) const {
    const BlockView node = frame.node.view();
    if (frame.slot + prefetch_window / 2 < frame.prefetched || frame.prefetched >= node.count()) {
        return;
    }
    const u32 first = std::max(frame.slot, frame.prefetched);
    frame.prefetched = std::min(first + prefetch_window, node.count());
    std::vector<Logical> places;
    places.reserve(prefetch_window);
    for (u32 slot = first; slot < frame.prefetched; ++slot) {
        if (keys_.ends_before(node.key(slot))) {
            break;
        }
        places.push_back({node.pointer(slot).blockptr});
    }
    reader_->volume().prefetch(places, reader_->nodesize());
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_walk.h"

#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// Children of a node that are asked for ahead of their turn.
constexpr u32 prefetch_window = 64;

} // namespace

Problem lost_range(const BlockRef& ref) {
    const auto& promise = ref.promise;
    std::string keys;
    if (promise.first_key) {
        keys = fmt::format("keys from {} ", key_text(*promise.first_key));
        keys +=
            promise.end ? fmt::format("up to but not including {}", key_text(*promise.end)) : "to the end of the tree";
    } else {
        keys = "the whole tree";
    }
    const KeySpan span{.first = promise.first_key.value_or(btrfs::Key::min()), .end = promise.end};
    return {ProblemCode::block_lost, {.logical = promise.address, .tree = promise.tree, .keys = span}, keys};
}

TreeWalk::TreeWalk(const BlockReader& reader, const BlockRef& root, WalkOrder order, const KeyRange& keys)
    : reader_(&reader), root_(root), order_(order), keys_(keys),
      target_level_(order == WalkOrder::breadth_first ? *root.promise.level : u8{0}) {
    path_.reserve(btrfs::max_level_count);
}

std::optional<BlockRef> TreeWalk::next() {
    while (!done_) {
        auto ref = pass_begun_ ? next_in_pass() : begin_pass();
        if (ref) {
            return ref;
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

std::optional<BlockRef> TreeWalk::begin_pass() {
    pass_begun_ = true;
    if (root_level() > target_level_ && !enter_proven(root_) && order_ == WalkOrder::leaves_only) {
        return root_;
    }
    return wants(root_level()) ? std::optional(root_) : std::nullopt;
}

std::optional<BlockRef> TreeWalk::next_in_pass() {
    while (!path_.empty()) {
        auto child = next_child(path_.back());
        if (!child) {
            path_.pop_back();
            continue;
        }
        const u8 level = *child->promise.level;
        if (level > target_level_ && !enter_proven(*child) && order_ == WalkOrder::leaves_only) {
            return child;
        }
        if (wants(level)) {
            return child;
        }
    }
    return std::nullopt;
}

std::optional<BlockRef> TreeWalk::next_child(Frame& frame) const {
    const BlockView node = frame.node.view();
    while (frame.slot < node.count()) {
        const u32 slot = frame.slot;
        const auto key = node.key(slot);
        if (frame.end && key >= *frame.end) {
            return std::nullopt;
        }
        // Nodes that are not well-formed are followed as far as their keys ascend.
        do {
            ++frame.slot;
        } while (frame.slot < node.count() && node.key(frame.slot) <= key);
        auto end = frame.end;
        if (frame.slot < node.count() && (!end || node.key(frame.slot) < *end)) {
            end = node.key(frame.slot);
        }
        if (key > keys_.last || (end && *end <= keys_.first)) {
            continue;
        }
        prefetch_children(frame);
        const auto& pointer = node.pointer(slot);
        return BlockRef{.promise = {.address = {pointer.blockptr},
                                    .generation = pointer.generation,
                                    .level = static_cast<u8>(node.header().level - 1),
                                    .tree = root_.promise.tree,
                                    .first_key = key,
                                    .end = end}};
    }
    return std::nullopt;
}

/// Goes below a node as far as it can be read. False unless it is proven.
bool TreeWalk::enter_proven(const BlockRef& ref) {
    Frame frame{.node = OwnedBlock(*reader_, ref.promise), .end = ref.promise.end};
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
        if (node.key(slot) > keys_.last) {
            break;
        }
        places.push_back({node.pointer(slot).blockptr});
    }
    reader_->volume().prefetch(places, reader_->nodesize());
}

} // namespace btrkit

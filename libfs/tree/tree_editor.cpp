// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_editor.h"

#include "libfs/base/names.h"
#include "libfs/tree/tree_path.h"
#include "libfs/tree/waiting_items.h"

#include <array>
#include <cassert>

#include <fmt/format.h>

namespace btrkit {

namespace {

using Edits = std::span<const ItemEdit>;

class Editor {
public:
    Editor(BlockCache& cache, const TreeIdentity& identity, EditSink& sink)
        : cache_(&cache), geometry_(&cache.reader().geometry()), identity_(identity), sink_(&sink),
          open_(geometry_->nodesize) {}

    Result<EditedTree> run(const Promise& root, Edits edits) {
        BTRKIT_TRY(visit(root, edits, true));
        BTRKIT_TRY(finish());
        return result_;
    }

private:
    std::size_t capacity(unsigned level) const {
        return level == 0 ? btrfs::leaf_data_size(geometry_->nodesize) : btrfs::node_capacity(geometry_->nodesize);
    }
    // What waits on a level, whatever it is.
    bool is_empty(unsigned level) const { return level == 0 ? items_.empty() : pointers_[level].empty(); }
    std::size_t weight(unsigned level) const { return level == 0 ? items_.weight() : pointers_[level].weight(); }
    std::size_t count(unsigned level) const { return level == 0 ? items_.count() : pointers_[level].count(); }
    std::size_t count_up_to(unsigned level, std::size_t weight) const {
        return level == 0 ? items_.count_up_to(weight) : pointers_[level].count_up_to(weight);
    }
    bool is_small(unsigned level) const { return !is_empty(level) && weight(level) < capacity(level) / 3; }

    Result<void> visit(const Promise& promise, Edits edits, bool is_root);
    Result<void> visit_children(const BlockCache::Block& node, const Promise& promise, Edits edits);
    Result<void> merge_leaf(const BlockCache::Block& leaf, Edits edits);
    Result<void> keep_items(const BlockCache::Block& leaf, u32 first, u32 behind);
    Result<void> put_item(const ItemEdit& edit);

    Result<void> push(unsigned level, WaitingPointers::Pointer pointer);
    Result<void> emit_full(unsigned level);
    Result<void> seal_below(unsigned level);
    Result<void> seal(unsigned level);
    Result<void> join_left(unsigned level);
    template <class Waiting>
    Result<void> take_in(Waiting& waiting, const Promise& neighbour);
    Result<void> emit(unsigned level, std::size_t count);

    bool is_top(unsigned level) const;
    Result<void> finish();
    Result<bool> finish_at(unsigned level);

    BlockCache* cache_;
    const Geometry* geometry_;
    TreeIdentity identity_;
    EditSink* sink_;
    OpenBlock open_;
    WaitingItems items_;
    std::array<WaitingPointers, btrfs::max_level_count + 1> pointers_; ///< by level; none on level 0
    Promise last_emitted_;
    EditedTree result_;
};

/// The edits whose keys are below `end`, taken off the front.
Edits take_below(Edits& edits, const std::optional<btrfs::Key>& end) {
    const auto behind = end ? std::ranges::lower_bound(edits, *end, {}, &ItemEdit::key) : edits.end();
    const auto count = static_cast<std::size_t>(behind - edits.begin());
    const auto taken = edits.first(count);
    edits = edits.subspan(count);
    return taken;
}

/// Reads a block of the old tree and hands what it holds on, changed as the edits say.
Result<void> Editor::visit(const Promise& promise, Edits edits, bool is_root) {
    BTRKIT_TRY_ASSIGN(const auto owned, cache_->get(promise));
    BTRKIT_TRY(sink_->replace(owned->block(), is_root));
    ++result_.blocks_replaced;
    return owned->block().is_leaf() ? merge_leaf(owned, edits) : visit_children(owned, promise, edits);
}

Result<void> Editor::visit_children(const BlockCache::Block& node, const Promise& promise, Edits edits) {
    const TreeBlock& block = node->block();
    const unsigned level = block.header().level;
    for (u32 slot = 0; slot < block.count(); ++slot) {
        const bool is_last = slot + 1 == block.count();
        const auto below = take_below(edits, is_last ? std::nullopt : std::optional(block.key(slot + 1)));
        auto child = child_promise(block, slot, promise);
        if (below.empty()) {
            if (level > 1) {
                BTRKIT_TRY(seal_below(level - 1));
            }
            if (!is_small(level - 1)) {
                BTRKIT_TRY(seal_below(level));
                const auto& pointer = block.pointer(slot);
                BTRKIT_TRY(push(level, {.key = block.key(slot),
                                        .child = {pointer.blockptr},
                                        .generation = pointer.generation,
                                        .kept = std::move(child)}));
                continue;
            }
        }
        BTRKIT_TRY(visit(child, below, false));
    }
    return {};
}

Result<void> Editor::merge_leaf(const BlockCache::Block& leaf, Edits edits) {
    const TreeBlock& block = leaf->block();
    u32 kept_up_to = 0;
    for (const auto& edit : edits) {
        const u32 slot = first_slot_at_or_above(block, edit.key);
        const bool is_there = slot < block.count() && block.key(slot) == edit.key;
        if (is_there && edit.body && std::ranges::equal(*edit.body, block.item_data(slot))) {
            continue;
        }
        BTRKIT_TRY(keep_items(leaf, kept_up_to, slot));
        kept_up_to = slot + (is_there ? 1 : 0);
        if (is_there) {
            BTRKIT_TRY(sink_->remove_item(edit.key, block.item_data(slot)));
        }
        if (!is_there || edit.body) {
            BTRKIT_TRY(put_item(edit));
        }
    }
    return keep_items(leaf, kept_up_to, block.count());
}

/// Those of the old leaf from one slot up to another.
Result<void> Editor::keep_items(const BlockCache::Block& leaf, u32 first, u32 behind) {
    if (first == behind) {
        return {};
    }
    items_.push_back(leaf, first, behind - first);
    return emit_full(0);
}

Result<void> Editor::put_item(const ItemEdit& edit) {
    if (!edit.body) {
        return fail_as_bug(fmt::format("an item that is not there, {} of tree {}, was to be taken out",
                                       key_text(edit.key), identity_.tree));
    }
    if (edit.body->size() > btrfs::max_item_size(geometry_->nodesize)) {
        return fail_as_bug(fmt::format("an item of {} bytes does not fit tree blocks of {} bytes", edit.body->size(),
                                       geometry_->nodesize));
    }
    BTRKIT_TRY(sink_->add_item(edit.key, *edit.body));
    items_.push_back(edit);
    return emit_full(0);
}

Result<void> Editor::push(unsigned level, WaitingPointers::Pointer pointer) {
    if (level > btrfs::max_level_count - 1) {
        return fail(ErrorKind::no_space,
                    fmt::format("tree {} would need more than {} levels", identity_.tree, btrfs::max_level_count));
    }
    pointers_[level].push_back(std::move(pointer));
    return emit_full(level);
}

/// Never lets more than two blocks' worth wait, nor less than one behind what it closes: that is enough to divide.
Result<void> Editor::emit_full(unsigned level) {
    while (weight(level) > 2 * capacity(level)) {
        BTRKIT_TRY(emit(level, count_up_to(level, capacity(level))));
    }
    return {};
}

Result<void> Editor::seal_below(unsigned level) {
    for (unsigned below = 0; below < level; ++below) {
        BTRKIT_TRY(seal(below));
    }
    return {};
}

/// Closes all that waits on that level, evenly divided.
Result<void> Editor::seal(unsigned level) {
    if (is_small(level)) {
        BTRKIT_TRY(join_left(level));
    }
    while (!is_empty(level)) {
        const std::size_t parts = (weight(level) + capacity(level) - 1) / capacity(level);
        // One entry more than its share where that fits: the first part is never the smaller one.
        const std::size_t share = weight(level) / parts;
        std::size_t count = count_up_to(level, capacity(level));
        if (parts > 1) {
            count = std::min(count, count_up_to(level, share) + 1);
        }
        BTRKIT_TRY(emit(level, count));
    }
    return {};
}

/// Takes in the neighbour on the left, if that is a kept one under a block that is made anew anyway.
Result<void> Editor::join_left(unsigned level) {
    auto& above = pointers_[level + 1];
    if (above.empty() || !above.back().kept) {
        return {};
    }
    const auto neighbour = above.take_back();
    return level == 0 ? take_in(items_, *neighbour.kept) : take_in(pointers_[level], *neighbour.kept);
}

/// Nothing waits below: all that the neighbour holds comes to wait here, before what does already.
template <class Waiting>
Result<void> Editor::take_in(Waiting& waiting, const Promise& neighbour) {
    Waiting small = std::exchange(waiting, {});
    BTRKIT_TRY(visit(neighbour, {}, false));
    small.push_front(std::exchange(waiting, {}));
    waiting = std::move(small);
    return {};
}

/// Makes a block of the first entries, and has the level above point to it.
Result<void> Editor::emit(unsigned level, std::size_t count) {
    assert(count > 0 || is_empty(level));
    if (level == 0) {
        items_.move_front(count, open_);
    } else {
        pointers_[level].move_front(count, open_);
    }
    const bool holds_nothing = open_.is_empty();
    BTRKIT_TRY_ASSIGN(const auto built, open_.emit(*geometry_, identity_, static_cast<u8>(level), *sink_));
    ++result_.blocks_born;
    last_emitted_ = {
        .address = built.address, .generation = identity_.generation, .level = built.level, .tree = identity_.tree};
    return holds_nothing
               ? Result<void>{}
               : push(level + 1, {.key = built.first_key, .child = built.address, .generation = identity_.generation});
}

/// Whether nothing waits above that level.
bool Editor::is_top(unsigned level) const {
    return std::ranges::all_of(pointers_.begin() + level + 1, pointers_.end(), &WaitingPointers::empty);
}

Result<void> Editor::finish() {
    for (unsigned level = 0; level < btrfs::max_level_count; ++level) {
        BTRKIT_TRY_ASSIGN(const bool is_done, finish_at(level));
        if (is_done) {
            return {};
        }
    }
    return fail_as_bug(fmt::format("tree {} came out without a root", identity_.tree));
}

Result<bool> Editor::finish_at(unsigned level) {
    if (!is_top(level) || weight(level) > capacity(level)) {
        BTRKIT_TRY(seal(level));
        return false;
    }
    if (level > 0 && count(level) == 1) {
        const auto only = pointers_[level].take_back();
        if (!only.kept) {
            result_.root = {.address = only.child,
                            .generation = only.generation,
                            .level = static_cast<u8>(level - 1),
                            .tree = identity_.tree};
            return true;
        }
        // The tree has become lower. A root is nobody else's: what a snapshot may share is made anew.
        BTRKIT_TRY(visit(*only.kept, {}, false));
        return finish_at(level - 1);
    }
    BTRKIT_TRY(emit(level, count(level)));
    result_.root = last_emitted_;
    return true;
}

} // namespace

Result<EditedTree> edit_tree(BlockCache& cache, const Promise& root, const TreeIdentity& identity, Edits edits,
                             EditSink& sink) {
    assert(std::ranges::is_sorted(edits, {}, &ItemEdit::key));
    return Editor(cache, identity, sink).run(root, edits);
}

} // namespace btrkit

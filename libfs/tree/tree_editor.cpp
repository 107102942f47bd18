// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_editor.h"

#include "libfs/base/names.h"
#include "libfs/tree/open_block.h"

#include <array>
#include <cassert>
#include <deque>

#include <fmt/format.h>

namespace btrkit {

namespace {

using Edits = std::span<const ItemEdit>;

/// What waits to be put into a block: an item for a leaf, or a pointer for a node.
struct Entry {
    btrfs::Key key;
    Bytes body = {};                  ///< of an item; lives in the edit or in `keeper`
    BlockCache::Block keeper = {};    ///< the old leaf that the item stands in
    std::optional<Promise> kept = {}; ///< of a pointer to a child of the old tree
    Logical child = {};
    u64 generation = 0;
};

/// The entries of one level that are not in a block yet, in key order.
class Waiting {
public:
    bool empty() const { return entries_.empty(); }
    std::size_t count() const { return entries_.size(); }
    /// Bytes of a leaf's data area, or pointers of a node.
    std::size_t weight() const { return weight_; }
    const Entry& operator[](std::size_t index) const { return entries_[index]; }
    const Entry& back() const { return entries_.back(); }

    void push_back(Entry entry, std::size_t weight) {
        entries_.push_back(std::move(entry));
        weight_ += weight;
    }
    Entry take_front(std::size_t weight) {
        auto entry = std::move(entries_.front());
        entries_.pop_front();
        weight_ -= weight;
        return entry;
    }
    Entry take_back(std::size_t weight) {
        auto entry = std::move(entries_.back());
        entries_.pop_back();
        weight_ -= weight;
        return entry;
    }
    /// Puts these entries, which come before all of its own, in front.
    void push_front(Waiting before) {
        std::ranges::move(entries_, std::back_inserter(before.entries_));
        entries_ = std::move(before.entries_);
        weight_ += before.weight_;
    }

private:
    std::deque<Entry> entries_;
    std::size_t weight_ = 0;
};

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
    static std::size_t weight_of(unsigned level, const Entry& entry) {
        return level == 0 ? sizeof(btrfs::ItemHeader) + entry.body.size() : 1;
    }
    bool is_small(unsigned level) const {
        return !waiting_[level].empty() && waiting_[level].weight() < capacity(level) / 3;
    }

    Result<void> visit(const Promise& promise, Edits edits, bool is_root);
    Result<void> visit_children(const BlockCache::Block& node, const Promise& promise, Edits edits);
    Result<void> merge_leaf(const BlockCache::Block& leaf, Edits edits);
    Result<void> keep_item(const BlockCache::Block& leaf, u32 slot);
    Result<void> put_item(const ItemEdit& edit);

    Result<void> push(unsigned level, Entry entry);
    Result<void> seal_below(unsigned level);
    Result<void> seal(unsigned level);
    Result<void> join_left(unsigned level);
    Result<void> emit(unsigned level, std::size_t count);
    std::size_t count_up_to(unsigned level, std::size_t weight) const;

    bool is_top(unsigned level) const;
    Result<void> finish();
    Result<bool> finish_at(unsigned level);

    BlockCache* cache_;
    const Geometry* geometry_;
    TreeIdentity identity_;
    EditSink* sink_;
    OpenBlock open_;
    std::array<Waiting, btrfs::max_level_count + 1> waiting_;
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
                                        .kept = std::move(child),
                                        .child = {pointer.blockptr},
                                        .generation = pointer.generation}));
                continue;
            }
        }
        BTRKIT_TRY(visit(child, below, false));
    }
    return {};
}

Result<void> Editor::merge_leaf(const BlockCache::Block& leaf, Edits edits) {
    const TreeBlock& block = leaf->block();
    for (u32 slot = 0; slot < block.count(); ++slot) {
        const auto key = block.key(slot);
        for (const auto& edit : take_below(edits, key)) {
            BTRKIT_TRY(put_item(edit));
        }
        if (edits.empty() || edits.front().key != key) {
            BTRKIT_TRY(keep_item(leaf, slot));
            continue;
        }
        const auto& edit = edits.front();
        if (edit.body && std::ranges::equal(*edit.body, block.item_data(slot))) {
            BTRKIT_TRY(keep_item(leaf, slot));
        } else {
            BTRKIT_TRY(sink_->remove_item(key, block.item_data(slot)));
            if (edit.body) {
                BTRKIT_TRY(put_item(edit));
            }
        }
        edits = edits.subspan(1);
    }
    for (const auto& edit : edits) {
        BTRKIT_TRY(put_item(edit));
    }
    return {};
}

Result<void> Editor::keep_item(const BlockCache::Block& leaf, u32 slot) {
    return push(0, {.key = leaf->block().key(slot), .body = leaf->block().item_data(slot), .keeper = leaf});
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
    return push(0, {.key = edit.key, .body = *edit.body});
}

/// Never lets more than two blocks' worth wait, nor less than one behind what it closes: that is enough to divide.
Result<void> Editor::push(unsigned level, Entry entry) {
    if (level > btrfs::max_level_count - 1) {
        return fail(ErrorKind::no_space,
                    fmt::format("tree {} would need more than {} levels", identity_.tree, btrfs::max_level_count));
    }
    auto& waiting = waiting_[level];
    const auto weight = weight_of(level, entry);
    waiting.push_back(std::move(entry), weight);
    if (waiting.weight() > 2 * capacity(level)) {
        return emit(level, count_up_to(level, capacity(level)));
    }
    return {};
}

/// How many entries at the front weigh no more than that.
std::size_t Editor::count_up_to(unsigned level, std::size_t weight) const {
    const auto& waiting = waiting_[level];
    std::size_t count = 0;
    for (std::size_t sum = 0; count < waiting.count(); ++count) {
        sum += weight_of(level, waiting[count]);
        if (sum > weight) {
            break;
        }
    }
    return count;
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
    auto& waiting = waiting_[level];
    while (!waiting.empty()) {
        const std::size_t parts = (waiting.weight() + capacity(level) - 1) / capacity(level);
        // One entry more than its share where that fits: the first part is never the smaller one.
        const std::size_t share = waiting.weight() / parts;
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
    auto& above = waiting_[level + 1];
    if (above.empty() || !above.back().kept) {
        return {};
    }
    const auto neighbour = above.take_back(1);
    Waiting small = std::exchange(waiting_[level], {});
    BTRKIT_TRY(visit(*neighbour.kept, {}, false)); // nothing waits below: all that it holds waits here now
    small.push_front(std::exchange(waiting_[level], {}));
    waiting_[level] = std::move(small);
    return {};
}

/// Makes a block of the first entries, and has the level above point to it.
Result<void> Editor::emit(unsigned level, std::size_t count) {
    auto& waiting = waiting_[level];
    assert(count > 0 || waiting.empty());
    for (; count > 0; --count) {
        const auto entry = waiting.take_front(weight_of(level, waiting[0]));
        if (level == 0) {
            open_.add_item(entry.key, entry.body);
        } else {
            open_.add_pointer(entry.key, entry.child, entry.generation);
        }
    }
    const bool is_empty = open_.is_empty();
    BTRKIT_TRY_ASSIGN(const auto built, open_.emit(*geometry_, identity_, static_cast<u8>(level), *sink_));
    ++result_.blocks_born;
    last_emitted_ = {
        .address = built.address, .generation = identity_.generation, .level = built.level, .tree = identity_.tree};
    return is_empty
               ? Result<void>{}
               : push(level + 1, {.key = built.first_key, .child = built.address, .generation = identity_.generation});
}

/// Whether nothing waits above that level.
bool Editor::is_top(unsigned level) const {
    return std::ranges::all_of(waiting_.begin() + level + 1, waiting_.end(), &Waiting::empty);
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
    if (!is_top(level) || waiting_[level].weight() > capacity(level)) {
        BTRKIT_TRY(seal(level));
        return false;
    }
    if (level > 0 && waiting_[level].count() == 1) {
        const auto only = waiting_[level].take_back(1);
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
    BTRKIT_TRY(emit(level, waiting_[level].count()));
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

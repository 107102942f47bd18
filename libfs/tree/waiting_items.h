// SPDX-License-Identifier: MIT
// What tree_editor.h has not put into a block yet (internal to libfs/tree). Both are in key order, with the same words
// for both, so that they can be divided in the same way.
#pragma once

#include "libfs/tree/block_cache.h"
#include "libfs/tree/open_block.h"
#include "libfs/tree/tree_editor.h"

#include <deque>
#include <optional>

namespace btrkit {

/// Items for leaves, in runs: those of an old leaf that stand there side by side, or a new one.
class WaitingItems {
public:
    bool empty() const { return runs_.empty(); }
    std::size_t count() const { return count_; }
    /// Bytes of a leaf's data area.
    std::size_t weight() const { return weight_; }
    /// How many at the front weigh no more than that.
    std::size_t count_up_to(std::size_t weight) const;

    /// At least one item. The leaf lives on.
    void push_back(const BlockCache::Block& leaf, u32 first, u32 count);
    /// Its body must live on.
    void push_back(const ItemEdit& edit);
    /// Puts these, which come before all of its own, in front.
    void push_front(WaitingItems before);
    /// Moves so many at the front into a block that has room for them.
    void move_front(std::size_t count, OpenBlock& to);

private:
    struct Run {
        BlockCache::Block leaf = {}; ///< null: a new item
        u32 first = 0;
        u32 count = 1;
        btrfs::Key key = {}; ///< of a new item
        Bytes body = {};     ///< of a new item
    };

    static std::size_t weight_of(const Run& run, u32 count);
    static u32 count_up_to(const Run& run, std::size_t weight);

    std::deque<Run> runs_;
    std::size_t count_ = 0;
    std::size_t weight_ = 0;
};

/// Pointers for nodes.
class WaitingPointers {
public:
    struct Pointer {
        btrfs::Key key;
        Logical child;
        u64 generation = 0;
        std::optional<Promise> kept = {}; ///< to a child of the old tree
    };

    bool empty() const { return pointers_.empty(); }
    std::size_t count() const { return pointers_.size(); }
    /// Each weighs 1.
    std::size_t weight() const { return pointers_.size(); }
    std::size_t count_up_to(std::size_t weight) const { return std::min(weight, pointers_.size()); }
    const Pointer& back() const { return pointers_.back(); }

    void push_back(Pointer pointer) { pointers_.push_back(std::move(pointer)); }
    Pointer take_back();
    void push_front(WaitingPointers before);
    void move_front(std::size_t count, OpenBlock& to);

private:
    std::deque<Pointer> pointers_;
};

} // namespace btrkit

// SPDX-License-Identifier: MIT
// Look-ups in a tree, many of them, strictly: a place that can't be read is an error and never a gap.
//
// The readers of trees have one vocabulary. Those that stand somewhere (TreeSearch, Cursor, ItemRange):
//   seek(key)       goes to the first item whose key is not below key
//   seek_back(key)  goes to the last item whose key is not above key
//   find(key)       goes to the item with exactly this key
//   next()          goes to the next item
//   valid()         whether it stands on an item; before the first move it does not
//   key(), data()   of the item that it stands on; need valid(), and live until the next move
// Every move says whether it now stands on an item. Those that hand things out (TreeWalk, TreeDiff) have next() alone:
// it gives the next thing, or nothing behind the last.
//
// Strict readers (TreeSearch, ItemRange, TreeDiff) return a Result: they fail with damaged where something that was
// asked for may be in a block that is lost. Tolerant ones go on behind it: a Cursor remembers it in damage(), a
// TreeWalk leaves it to whoever reads the blocks.
#pragma once

#include "libfs/tree/tree_path.h"

namespace btrkit {

/// Stands on an item of the tree, or on none. Cheap where one look-up is near the one before it: a leaf that holds the
/// key is not looked for anew. Blocks come from the cache, which must outlive it.
///
/// Where a move finds no such item, or fails, it stands on none.
class TreeSearch {
public:
    TreeSearch(BlockCache& cache, const Promise& root) : path_(cache, root) {}

    Result<bool> find(const btrfs::Key& key);
    Result<bool> seek(const btrfs::Key& key);
    Result<bool> seek_back(const btrfs::Key& key);
    /// Needs valid().
    Result<bool> next();

    /// Whether the key, if the tree has it, is in the leaf where the last move ended: to look for it is cheap.
    bool is_near(const btrfs::Key& key) const {
        return !path_.empty() && path_.bottom().level() == 0 && path_.bottom().covers(key);
    }

    bool valid() const { return leaf_ != nullptr; }
    /// Need valid(). The data lives as long as it stands in that leaf, or as somebody holds block().
    btrfs::Key key() const { return leaf_->block().key(slot_); }
    Bytes data() const { return leaf_->block().item_data(slot_); }
    const TreeBlock& leaf() const { return leaf_->block(); }
    const BlockCache::Block& block() const { return leaf_; }
    u32 slot() const { return slot_; }

private:
    enum class Crossing { seeking, scanning };

    Result<bool> descend(const btrfs::Key& key);
    Result<bool> enter_next_leaf(Crossing crossing);
    bool stand_on(u32 slot);
    bool stand_on_none();

    TreePath path_;          ///< stays where the last move left it, for the next one
    BlockCache::Block leaf_; ///< the path's bottom while it stands on an item of it, else null
    u32 slot_ = 0;
};

} // namespace btrkit

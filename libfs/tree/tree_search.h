// SPDX-License-Identifier: MIT
// Look-ups in a tree, many of them, strictly: a place that can't be read is an error and never a gap.
#pragma once

#include "libfs/tree/tree_path.h"

namespace btrkit {

/// Stands on an item of the tree, or on none. Cheap where one look-up is near the one before it: a leaf that holds the
/// key is not looked for anew. Blocks come from the cache, which must outlive it.
///
/// All moves: whether there is such an item; where there is none, it then stands on none. They fail with damaged where
/// the item may be in a block that is lost; then it stands on none too.
class TreeSearch {
public:
    TreeSearch(BlockCache& cache, const Promise& root) : path_(cache, root) {}

    /// The item with exactly this key.
    Result<bool> find(const btrfs::Key& key);
    /// The first item whose key is not below key.
    Result<bool> seek_at_or_after(const btrfs::Key& key);
    /// The last item whose key is not above key.
    Result<bool> seek_at_or_before(const btrfs::Key& key);
    /// The next one; needs valid().
    Result<bool> next();

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

// SPDX-License-Identifier: MIT
// The items of a tree in key order, from any key on, past whatever is damaged; for look-ups, not for whole trees (that
// is TreeWalk). Its moves are those of all readers (tree_search.h).
#pragma once

#include "libfs/tree/tree_walk.h"

namespace btrkit {

/// Stands on an item, or behind the last one. What can't be read is passed over and remembered in damage().
class Cursor {
public:
    Cursor(const BlockReader& reader, const Promise& root) : reader_(&reader), root_(root) {}

    bool seek(const btrfs::Key& key);
    /// Needs valid().
    bool next();

    bool valid() const { return leaf_.has_value(); }
    /// Need valid().
    btrfs::Key key() const { return leaf_->block().key(slot_); }
    Bytes data() const { return leaf_->block().item_data(slot_); }
    const TreeBlock& leaf() const { return leaf_->block(); }
    u32 slot() const { return slot_; }

    /// Copies that were bad, blocks that are lost and the keys that are lost with them, since the cursor was made.
    const Problems& damage() const { return damage_; }
    /// Whether there may have been items in what was passed over since the cursor was made.
    bool missed_items() const { return missed_items_; }

private:
    bool enter_next_leaf(const btrfs::Key& from);

    const BlockReader* reader_;
    Promise root_;
    std::optional<TreeWalk> walk_;
    std::optional<OwnedBlock> leaf_;
    u32 slot_ = 0;
    Problems damage_;
    bool missed_items_ = false;
};

} // namespace btrkit

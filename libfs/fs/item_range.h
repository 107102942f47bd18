// SPDX-License-Identifier: MIT
// The items between two keys, strictly: a place that can't be read is an error and never a gap.
#pragma once

#include "libfs/tree/tree_walk.h"

namespace btrkit {

class ItemRange {
public:
    /// Stands before the first item whose key is in the range.
    ItemRange(const BlockReader& reader, const Promise& root, const KeyRange& keys);
    /// All items of one type of an object.
    ItemRange(const BlockReader& reader, const Promise& root, u64 objectid, u8 type);

    /// Goes to the next item; false where there is none. Fails with damaged where items of the range may be lost, and
    /// goes on behind them if called again.
    Result<bool> next();

    /// Need an item to stand on. The data lives until next().
    btrfs::Key key() const { return leaf_->block().key(slot_); }
    Bytes data() const { return leaf_->block().item_data(slot_); }

private:
    Result<bool> enter_next_leaf();

    const BlockReader* reader_;
    KeyRange keys_;
    TreeWalk walk_;
    std::optional<OwnedBlock> leaf_;
    u32 slot_ = 0;
};

/// What is wrong with an item, as an error: damaged, naming tree and key.
Error item_error(ProblemCode code, u64 tree, const btrfs::Key& key, std::string detail);

} // namespace btrkit

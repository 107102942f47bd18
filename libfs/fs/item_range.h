// SPDX-License-Identifier: MIT
// The items between two keys, strictly: a place that can't be read is an error and never a gap. Its moves are those of
// all readers (tree/tree_search.h); for long stretches, which would only sweep a cache.
#pragma once

#include "libfs/tree/tree_walk.h"

namespace btrkit {

class ItemRange {
public:
    /// Stands before the first item whose key is in the range.
    ItemRange(const BlockReader& reader, const Promise& root, const KeyRange& keys);
    /// All items of one type of an object.
    ItemRange(const BlockReader& reader, const Promise& root, u64 objectid, u8 type);

    /// To the first item, and on from there. Goes on behind what is lost if called again.
    Result<bool> next();

    bool valid() const { return leaf_.has_value(); }
    /// Need valid().
    btrfs::Key key() const { return leaf_->block().key(slot_); }
    Bytes data() const { return leaf_->block().item_data(slot_); }

private:
    Result<bool> enter_next_leaf();
    bool stay_in_range();

    const BlockReader* reader_;
    KeyRange keys_;
    TreeWalk walk_;
    std::optional<OwnedBlock> leaf_;
    u32 slot_ = 0;
};

/// What is wrong with an item, as an error: damaged, naming tree and key.
Error item_error(ProblemCode code, u64 tree, const btrfs::Key& key, std::string detail);

} // namespace btrkit

// SPDX-License-Identifier: MIT
// A tree changed in one pass: sorted edits merged into it from the bottom up, the sister of TreeBuilder.
//
//  1. Go down from the root, only into those children that an edit falls into; all others are kept by their pointer and
//     not read.
//  2. Merge the items of the leaves that were reached with the edits, and pack them into new leaves. Full ones are
//     closed; where a kept leaf follows, what is open is divided evenly, so that no small leaf is left to grow into the
//     next edit. A leaf below a third of its room takes its neighbour in.
//  3. Do the same with the pointers of each level above. What comes out alone at the top is the new root.
//
// Nothing is written where the old tree stands, unless the sink says so: until somebody points to the new root, nothing
// has happened. The shape of the result depends on the tree and the edits, and on nothing else.
#pragma once

#include "libfs/tree/block_cache.h"
#include "libfs/tree/tree_builder.h"

#include <optional>

namespace btrkit {

/// What becomes of one item. It refers to the body and does not copy.
struct ItemEdit {
    btrfs::Key key;
    std::optional<Bytes> body; ///< the item is this now, was it there or not; nothing: it is gone
};

/// Where the blocks of an edited tree go, and who is told what becomes of the old ones.
class EditSink : public BlockSink {
public:
    /// A block of the old tree whose place in the tree new ones take. It is told before anything below it is, and
    /// before any block is made of what it held. It stays readable, unless the sink gives its address out again.
    virtual Result<void> replace(const TreeBlock& old, bool is_root) = 0;
    /// An item that was there is gone, or gives way to another body.
    virtual Result<void> remove_item(const btrfs::Key& key, Bytes body) = 0;
    /// An item that is new, or a new body for one that was there.
    virtual Result<void> add_item(const btrfs::Key& key, Bytes body) = 0;
};

struct EditedTree {
    Promise root; ///< of the new tree
    u64 blocks_born = 0;
    u64 blocks_replaced = 0;
};

/// Merges the edits, whose keys ascend, into the tree. identity: what the new blocks carry. What has no edit stays as
/// it is. Fails with damaged where a block that must be read can't be, with bug where an item is to go that is not
/// there, and as the sink does; what the sink has taken is then of no use.
Result<EditedTree> edit_tree(BlockCache& cache, const Promise& root, const TreeIdentity& identity,
                             std::span<const ItemEdit> edits, EditSink& sink);

} // namespace btrkit

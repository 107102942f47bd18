// SPDX-License-Identifier: MIT
// Who refers to a block or an extent, by what name, and what becomes of it when a tree leaves a block, is copied or
// goes away. The hardest law of the format (docs/format.md 8), and here alone.
//
// A block that subvolumes share is counted once for each block above that points to it. What a block points to is
// referred to in one of two ways. By root: by the tree that owns the block; so it is while the owner has the block. Or
// in full, by the block's own address: so it is from the moment on when the owner leaves it to others. Which of the two
// holds, the block's extent says (FULL_BACKREF). So three things can happen when a tree leaves a block:
//
//   others keep it, and the tree owns it    what it points to is from now on referred to in full; the references by
//                                           root are those of the tree's new block
//   others keep it, who own it              what the tree's new block points to gets references by root
//   nobody else has it                      references in full, if it has such, become ones by root
//
// Counts are those of the extent tree and what this run has changed of them. They are asked from the root down: a child
// of a shared block is shared, though its own count may say 1.
#pragma once

#include "libfs/txn/workspace.h"

#include <functional>

namespace btrkit {

class ShareRules {
public:
    /// The workspace must outlive it.
    explicit ShareRules(Workspace& workspace) : workspace_(&workspace) {}

    /// The tree is about to hold new blocks in the place of that one, which it reached from its root. True: nobody has
    /// it but this run, so its place can be used again, and nothing was counted. Fails with damaged where the extent
    /// tree contradicts what is found.
    Result<bool> leave(const TreeBlock& block, u64 tree, bool is_root);

    /// An item of the tree's new blocks: a data extent that it refers to has one reference more, or less.
    void count_item(u64 tree, const btrfs::Key& key, Bytes body, std::int64_t change);

    /// A new root of that tree points to all that this root points to.
    void share_children(const TreeBlock& root, u64 new_tree);

    /// Whether what the block points to is referred to in full. Fails with damaged where nobody is recorded to have it.
    Result<bool> is_referring_in_full(u64 bytenr);
    /// The block has given way to these, which are not counted yet: together they are shared by whoever shared it, and
    /// refer to what they point to as it did. is_full: is_referring_in_full().
    void replace(const BlockView& old, std::span<const BlockView> now, bool is_full);
    /// A root that is laid above the blocks that were one: all that it points to is referred to by that tree.
    void raise(const BlockView& root, u64 tree) { count_children(root, tree, 1); }
    /// Another block is that tree's root, which is nobody else's.
    void replace_root(u64 tree, u64 old_bytenr, u64 bytenr);

    /// How far a deletion has got: what nodes of that level and above have before the key is no more, though they still
    /// point to it.
    struct DropProgress {
        btrfs::Key key;
        u8 level = 0;
    };
    /// A tree that goes.
    struct DroppedTree {
        u64 id = 0;
        u64 created = 0; ///< the generation of its creation: blocks that are older are not its own. 0: not known
        std::optional<DropProgress> progress = {}; ///< others have begun to delete it
        /// Called wherever what was told so far is complete by itself.
        std::function<Result<void>()> between;
    };

    /// All its blocks go with it that nobody else has. Fails with damaged, and as between() does.
    Result<void> drop_tree(const Promise& root, const DroppedTree& tree);

private:
    struct State {
        std::int64_t refs = 0;
        bool is_full_backref = false;
    };

    Result<State> state_of(u64 bytenr);
    template <class Visit>
    void for_each_child(const BlockView& block, Visit visit) const;
    void count_children(const BlockView& block, std::optional<u64> by_root, std::int64_t change);
    Result<void> drop_children(const TreeBlock& block, const Promise& promise, bool is_full, const DroppedTree& tree);
    Result<void> drop_child(const Promise& child, const ExtentRef& ref, const DroppedTree& tree);
    Result<void> leave_to_others(const TreeBlock& block, const Promise& promise, bool is_full, const DroppedTree& tree);

    Workspace* workspace_;
};

} // namespace btrkit

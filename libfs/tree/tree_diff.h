// SPDX-License-Identifier: MIT
// Two trees side by side, item by item, past what they share; or all items of one.
#pragma once

#include "libfs/tree/tree_path.h"

namespace btrkit {

enum class ItemChange {
    added,   ///< only the new tree has it
    deleted, ///< only the old tree has it
    changed, ///< both have it, with different bodies
    same,    ///< both have it, with equal bodies, but in different blocks
};

/// An item in its leaf.
struct ItemPlace {
    BlockCache::Block leaf; ///< null: that tree has no such item
    u32 slot = 0;

    explicit operator bool() const { return leaf != nullptr; }
    btrfs::Key key() const { return leaf->block().key(slot); }
    Bytes data() const { return leaf->block().item_data(slot); }
};

struct ItemDifference {
    ItemChange change = ItemChange::added;
    btrfs::Key key;
    ItemPlace new_item; ///< null if deleted
    ItemPlace old_item; ///< null if added
};

/// Hands out, in key order, the items of both trees that stand in blocks which are not the other tree's too; those that
/// are equal nevertheless as `same`. Two blocks are one where address and generation agree; that holds within one
/// filesystem only, so two filesystems share nothing. The work is proportional to what is not shared. (A block that is
/// the root of one tree and no root of the other doesn't count as shared; the kernel makes no such trees.)
class TreeDiff {
public:
    /// What a tree is read through; no cache: that tree is empty.
    struct Side {
        BlockCache* cache = nullptr;
        Promise root = {};
    };

    /// All items of one tree, as added.
    explicit TreeDiff(const Side& new_tree);
    /// may_share: both are of one filesystem.
    TreeDiff(const Side& new_tree, const Side& old_tree, bool may_share);

    /// The next one, nothing behind the last. Fails with damaged where a block is lost on either side, and goes on
    /// behind it if called again (what the other tree has for those keys is then handed out as if it stood alone).
    Result<std::optional<ItemDifference>> next();

private:
    /// Where one side stands: on its root, which is not read yet, on a pointer of a node, on an item, or behind all.
    class Walker {
    public:
        explicit Walker(const Side& side);

        bool ended() const { return !path_; }
        // All others need !ended().

        /// No key from here on is smaller.
        const btrfs::Key& key() const { return key_; }
        /// Of the block that it stands in: 0 on an item, above all others on the root.
        u8 level() const { return path_->empty() ? btrfs::max_level_count : path_->bottom().level(); }
        bool on_item() const { return level() == 0; }
        ItemPlace item() const { return {.leaf = path_->bottom().owned, .slot = path_->bottom().slot}; }
        Bytes data() const { return path_->bottom().block().item_data(path_->bottom().slot); }

        /// Both on pointers: whether to the same block.
        bool points_where(const Walker& other) const;
        /// Goes into the block that it stands on; past it on failure.
        Result<void> descend();
        void step_over();
        /// Before descend(): prefetches what is going to be read of this node anyway, the other side being there.
        void prefetch(const Walker& other, bool may_share);

    private:
        struct Target {
            Logical address;
            std::optional<u64> generation;

            friend bool operator==(const Target&, const Target&) = default;
        };

        /// What will be done about a child.
        enum class Fate { read, skipped, unknown };
        class Neighbour;

        Target target() const;
        const TreePath::Step* step_of_level(u8 level) const;
        void settle();

        std::optional<TreePath> path_; ///< nothing: ended
        btrfs::Key key_ = btrfs::Key::min();
    };

    std::strong_ordering order() const;
    ItemDifference take_one(ItemChange change);
    ItemDifference take_both();

    Walker new_;
    Walker old_;
    bool may_share_;
};

} // namespace btrkit

// SPDX-License-Identifier: MIT
// What a pointer promises of the block that it leads to, and what of that a block keeps.
#pragma once

#include "formats/btrfs/objectids.h"
#include "formats/btrfs/quota.h"
#include "libfs/base/problem.h"
#include "libfs/tree/block_view.h"

#include <optional>

namespace btrkit {

/// A block that a parent (or a root item, or the superblock) points to: where it is, and what is known of it before it
/// is read. The less is known, the less is proven.
struct Promise {
    Logical address = {};
    std::optional<u64> generation = {};
    std::optional<u8> level = {};
    std::optional<u64> tree = {}; ///< the tree that it was reached through; decides which owners it may have
    std::optional<btrfs::Key> first_key = {};
    std::optional<btrfs::Key> end = {}; ///< all keys in it are smaller; nothing: as far as keys go

    friend bool operator==(const Promise&, const Promise&) = default;
};

/// What a node that was reached by a promise promises of the child in that slot (below count()). The child's keys end
/// where those of the next child begin, and no later than the node's own. Of a node that is not well-formed, the next
/// child is the next one with a greater key.
Promise child_promise(const BlockView& node, u32 slot, const Promise& promise_of_node);

/// The next slot with a greater key than that one has; count() if there is none. slot + 1 where keys ascend.
u32 next_ascending_slot(const BlockView& block, u32 slot);

/// What a block says of itself, as far as a promise can ask.
struct BlockFacts {
    u64 generation = 0;
    u64 owner = 0;
    btrfs::Key first_key = {}; ///< this and the next unless it is empty
    btrfs::Key last_key = {};
    u8 level = 0;
    bool is_empty = true;
    bool is_relocated = false; ///< a balance has made it: it may be shared, however young it is
};

BlockFacts facts_of(const BlockView& block);

/// Which parts of a promise a block doesn't keep. An empty block has no first key, and no key beyond any end.
struct BrokenParts {
    bool generation = false;
    bool level = false;
    bool owner = false;
    bool first_key = false;
    bool end = false;

    bool none() const { return !generation && !level && !owner && !first_key && !end; }
};

/// The address is not asked: that is for whoever knows where the block was read.
BrokenParts broken_parts(const Promise& promise, const BlockFacts& facts);

/// Whether a block that was proven for one promise keeps another one for the same address.
inline bool keeps(const BlockFacts& facts, const Promise& promise) {
    return broken_parts(promise, facts).none();
}

/// What is lost with a block: block_lost with the range of its keys.
Problem lost_range(const Promise& promise);

/// Whether a tree is a subvolume in the kernel's sense: the top-level tree or one that a user made. Only these share
/// blocks, and only in these an inode's items must be complete.
constexpr bool is_subvolume(u64 tree) {
    return tree == btrfs::fs_tree_id || (tree >= btrfs::first_free_objectid && btrfs::qgroup_level(tree) == 0);
}

/// Whether blocks of this owner may be found in that tree (the kernel's rule: subvolumes share blocks among each
/// other and, while they are relocated, with their relocation trees, as the data relocation tree does with its own;
/// every other tree has its own).
bool owner_allowed(u64 owner, u64 tree);

} // namespace btrkit

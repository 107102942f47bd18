// SPDX-License-Identifier: MIT
// Proven tree blocks. Whoever holds a TreeBlock knows: its checksum matches, it is the block that the parent
// promised, its keys ascend, and every item lies inside it, one behind the other. What the items say is not proven:
// that is check_items().
#pragma once

#include "formats/btrfs/objectids.h"
#include "formats/btrfs/quota.h"
#include "libfs/tree/block_view.h"
#include "libfs/volume/geometry.h"

#include <optional>

namespace btrkit {

/// What is known of a block before it is read. The less is known, the less is proven.
struct Promise {
    Logical address = {};
    std::optional<u64> generation = {};
    std::optional<u8> level = {};
    std::optional<u64> tree = {}; ///< the tree that it was reached through; decides which owners it may have
    std::optional<btrfs::Key> first_key = {};
    std::optional<btrfs::Key> end = {}; ///< all keys in it are smaller; nothing: as far as keys go
};

class TreeBlock : public BlockView {
public:
    /// Proves one copy of a block: check_header() and check_structure(). Without proof: nullopt, and problems has all
    /// that speaks against it. bytes must be nodesize long; the block refers to them and does not copy.
    static std::optional<TreeBlock> prove(Bytes bytes, const Geometry& geometry, const Promise& promise,
                                          Problems& problems);

private:
    explicit TreeBlock(BlockView view) : BlockView(view) {}
};

/// Whether the block is what was promised: checksum, address, fsid, generation, level (below 8 in any case), owner,
/// first key. Where the checksum fails and neither address nor fsid are right, other bytes stand there and nothing
/// else is said about them.
bool check_header(const BlockView& view, const Geometry& geometry, const Promise& promise, Problems& problems);

/// Whether the block is well-formed: counts, key order up to the promised end, item places, pointers. A leaf may be
/// empty only as the root of a tree that can be empty.
bool check_structure(const BlockView& view, const Geometry& geometry, const Promise& promise, Problems& problems);

/// Whether a tree is a subvolume in the kernel's sense: the top-level tree or one that a user made. Only these share
/// blocks, and only in these an inode's items must be complete.
constexpr bool is_subvolume(u64 tree) {
    return tree == btrfs::fs_tree_id || (tree >= btrfs::first_free_objectid && btrfs::qgroup_level(tree) == 0);
}

/// Whether blocks of this owner may be found in that tree (the kernel's rule: subvolumes share blocks among each
/// other and, while they are relocated, with their relocation trees; every other tree has its own).
bool owner_allowed(u64 owner, u64 tree);

} // namespace btrkit

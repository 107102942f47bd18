// SPDX-License-Identifier: MIT
// Proven tree blocks. Whoever holds a TreeBlock knows: its checksum matches, it is the block that the parent
// promised, its keys ascend, and every item lies inside it, one behind the other. What the items say is not proven:
// that is check_items().
#pragma once

#include "libfs/tree/block_view.h"
#include "libfs/volume/geometry.h"

#include <optional>

namespace btrkit {

/// What is known of a block before it is read. The less is known, the less is proven.
struct Promise {
    Logical address;
    std::optional<u64> generation = {};
    std::optional<u8> level = {};
    std::optional<u64> tree = {}; ///< the tree that it was reached through; decides which owners it may have
    std::optional<btrfs::Key> first_key = {};
};

class TreeBlock : public BlockView {
public:
    /// Proves one copy of a block. Without proof: nullopt, and problems says why.
    static std::optional<TreeBlock> prove(Bytes bytes, const Geometry& geometry, const Promise& promise,
                                          Problems& problems);

private:
    explicit TreeBlock(BlockView view) : BlockView(view) {}
};

/// Whether the block is what was promised: checksum, address, fsid, generation, level, owner, first key.
bool check_header(const BlockView& view, const Geometry& geometry, const Promise& promise, Problems& problems);

/// Whether the block is well-formed in itself: counts, key order, item places, pointers.
bool check_structure(const BlockView& view, const Geometry& geometry, const Promise& promise, Problems& problems);

/// Whether blocks of this owner may be found in that tree (the kernel's rule: snapshots share file tree blocks
/// among each other, every other tree has its own).
bool owner_allowed(u64 owner, u64 tree);

} // namespace btrkit

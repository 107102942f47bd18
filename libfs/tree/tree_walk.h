// SPDX-License-Identifier: MIT
// The blocks of a tree in a chosen order, in constant memory, past whatever is damaged.
#pragma once

#include "libfs/tree/block_reader.h"

#include <vector>

namespace btrkit {

enum class WalkOrder {
    breadth_first, ///< level by level, from the root down
    depth_first,   ///< every node before its children
    leaves_only,   ///< leaves in key order; of nodes only those that are not proven: nothing is passed in silence
};

/// Hands out promises; whoever takes one reads the block and says what is wrong with it. The walk reads the nodes
/// by itself, silently. Below a lost node it hands out nothing, below a malformed one the children whose keys ascend
/// and stay below the node's end. So keys ascend within each level, and a block, whose first key must be the promised
/// one, is entered once at most: whatever the image holds, the walk ends after as many steps as it has pointers.
class TreeWalk {
public:
    /// root.level must be known. Blocks outside keys are left out.
    TreeWalk(const BlockReader& reader, const Promise& root, WalkOrder order, const KeyRange& keys = {});

    std::optional<Promise> next();

private:
    struct Frame {
        OwnedBlock node;
        Promise promise; ///< of the node
        u32 slot = 0;
        u32 prefetched = 0; ///< up to which slot the children are
    };

    u8 root_level() const { return *root_.level; }
    bool wants(u8 level) const { return order_ == WalkOrder::depth_first || level == target_level_; }
    std::optional<Promise> begin_pass();
    std::optional<Promise> next_in_pass();
    std::optional<Promise> next_child(Frame& frame) const;
    bool enter_proven(const Promise& promise);
    void prefetch_children(Frame& frame) const;

    const BlockReader* reader_;
    Promise root_;
    WalkOrder order_;
    KeyRange keys_;
    u8 target_level_ = 0;
    bool pass_begun_ = false;
    bool done_ = false;
    std::vector<Frame> path_; ///< from the root down; never longer than the tree is high
};

} // namespace btrkit

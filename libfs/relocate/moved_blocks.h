// SPDX-License-Identifier: MIT
// The blocks of subvolumes where some must leave their place, or point to what has moved: each stays one block.
#pragma once

#include "libfs/base/byte_arena.h"
#include "libfs/relocate/address_map.h"
#include "libfs/relocate/graph_rewriter.h"

namespace btrkit {

class MovedBlocks final : public GraphChange {
public:
    /// leaving: addresses that no block may keep. data: where extents are now. All must outlive it.
    MovedBlocks(SpaceLedger& space, const RangeSet& leaving, const AddressMap& data)
        : space_(space), leaving_(leaving), data_(data) {}

    bool must_leave(Logical at) const override { return leaving_.contains(at.bytenr); }
    Result<std::optional<std::span<const LeafItem>>> changed_items(const TreeBlock& leaf) override;
    /// Whose references it has, and what it refers to, is for who translates the extent tree.
    Result<void> replaced(const TreeBlock& old, std::span<const BlockView> /*now*/) override {
        return space_.release(range_from(old.header().bytenr, old.nodesize()));
    }
    Result<void> raised(u64 /*tree*/, const BlockView& /*node*/) override {
        return fail_as_bug("a block that moves has become two");
    }
    void moved_root(u64 /*tree*/, Logical /*from*/, Logical /*to*/) override {}

private:
    SpaceLedger& space_;
    const RangeSet& leaving_;
    const AddressMap& data_;
    std::vector<LeafItem> items_;
    ByteArena bodies_; ///< of those that are others
};

} // namespace btrkit

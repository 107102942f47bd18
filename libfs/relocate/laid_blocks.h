// SPDX-License-Identifier: MIT
// The blocks of subvolumes after extents were laid out anew, and what the accounts learn of them.
#pragma once

#include "libfs/relocate/laid_items.h"
#include "libfs/txn/share_rules.h"

namespace btrkit {

class LaidBlocks final : public GraphChange {
public:
    /// leaving: addresses that no block may keep. All must outlive it.
    LaidBlocks(Workspace& workspace, const ExtentLayout& layout, const RangeSet& leaving)
        : workspace_(workspace), layout_(layout), rules_(workspace), items_(layout), leaving_(leaving),
          is_told_(layout.extents().size()) {}

    bool must_leave(Logical at) const override { return leaving_.contains(at.bytenr); }
    Result<std::optional<std::span<const LeafItem>>> changed_items(const TreeBlock& leaf) override;
    Result<void> replaced(const TreeBlock& old, std::span<const BlockView> now) override;
    Result<void> raised(u64 tree, const BlockView& node) override;
    void moved_root(u64 tree, Logical from, Logical to) override { rules_.replace_root(tree, from.bytenr, to.bytenr); }
    bool wants_relief() const override;
    Result<void> relieve() override;

private:
    void bear_block(const BlockView& block, bool is_full);
    void tell_extent(const LaidExtent& extent);

    Workspace& workspace_;
    const ExtentLayout& layout_;
    ShareRules rules_;
    LaidItems items_;
    const RangeSet& leaving_;
    std::vector<bool> is_told_;     ///< of each new extent: the accounts know it
    std::size_t settled_bytes_ = 0; ///< what waited of references when they were settled last
};

} // namespace btrkit

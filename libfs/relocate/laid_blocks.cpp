// SPDX-License-Identifier: MIT
#include "libfs/relocate/laid_blocks.h"

#include "libfs/txn/block_store.h"
#include "libfs/txn/settle_refs.h"

namespace btrkit {

Result<std::optional<std::span<const LeafItem>>> LaidBlocks::changed_items(const TreeBlock& leaf) {
    BTRKIT_TRY_ASSIGN(const auto items, items_.of(leaf));
    // An extent is told when an item first refers to it: accounts may be settled at any time.
    for (const std::size_t target : items_.targets()) {
        if (!is_told_[target]) {
            is_told_[target] = true;
            tell_extent(layout_.extents()[target]);
        }
    }
    return items;
}

void LaidBlocks::tell_extent(const LaidExtent& extent) {
    auto record = record_of_data(extent.disk, extent.generation, extent.quota_owner);
    workspace_.quotas.add_taken(extent.quota_owner, extent.disk.length(), extent.generation);
    if (extent.is_recast) {
        workspace_.refs.recast(std::move(record));
    } else {
        workspace_.refs.bear(std::move(record));
    }
}

Result<void> LaidBlocks::replaced(const TreeBlock& old, std::span<const BlockView> now) {
    BTRKIT_TRY_ASSIGN(const bool is_full, rules_.is_referring_in_full(old.header().bytenr));
    for (const auto& block : now) {
        bear_block(block, is_full);
    }
    rules_.replace(old, now, is_full);
    return {};
}

Result<void> LaidBlocks::raised(u64 tree, const BlockView& node) {
    bear_block(node, false);
    rules_.raise(node, tree);
    return {};
}

void LaidBlocks::bear_block(const BlockView& block, bool is_full) {
    const auto& header = block.header();
    workspace_.refs.bear(
        record_of_block(workspace_.geometry, header, block.key(0), is_full ? btrfs::extent_flag_full_backref : 0));
    workspace_.quotas.add_taken(header.owner, block.nodesize(), header.generation);
}

bool LaidBlocks::wants_relief() const {
    return workspace_.refs.waiting_bytes() >= settled_bytes_ + workspace_.room.waiting_bytes / 2;
}

/// References to data don't wait for the end: there may be very many. But where an extent takes the place of another,
/// both are told together.
Result<void> LaidBlocks::relieve() {
    BTRKIT_TRY(settle_data_refs(workspace_, layout_.recast()));
    settled_bytes_ = workspace_.refs.waiting_bytes();
    BTRKIT_TRY_ASSIGN(auto* extents, workspace_.trees.find(btrfs::extent_tree_id));
    return merge_buffer(workspace_, *extents);
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/txn/block_store.h"

#include "formats/btrfs/item_types.h"

namespace btrkit {

BlockStore::BlockStore(Workspace& workspace, u64 tree)
    : workspace_(&workspace), rules_(workspace), tree_(tree),
      writes_(workspace.parallelism, workspace.geometry, workspace.bad_items) {}

ExtentRef BlockStore::own_ref() const {
    return {.type = btrfs::item_type::tree_block_ref, .root = tree_, .count = 1};
}

Result<Logical> BlockStore::place(u64 tree, u8 level) {
    auto& reusable = reusable_[level];
    is_new_place_ = reusable.empty();
    if (is_new_place_) {
        return workspace_->space.take_block(tree);
    }
    const Logical at = {reusable.back()};
    reusable.pop_back();
    return at;
}

Result<void> BlockStore::take(const BuiltBlock& block, MutableBytes bytes) {
    BTRKIT_TRY_ASSIGN(auto parts, workspace_->writer.parts(block.address, bytes.size()));
    BTRKIT_TRY(writes_.push(block, bytes, std::move(parts)));
    workspace_->cache.forget(block.address.bytenr);
    if (is_new_place_) {
        workspace_->born.insert(range_from(block.address.bytenr, workspace_->geometry.nodesize));
        const auto& header = *reinterpret_cast<const btrfs::TreeBlockHeader*>(bytes.data());
        workspace_->refs.bear(record_of_block(workspace_->geometry, header, block.first_key));
        workspace_->refs.add(block.address.bytenr, own_ref(), 1);
        workspace_->quotas.add_taken(tree_, workspace_->geometry.nodesize);
    }
    return {};
}

Result<void> BlockStore::replace(const TreeBlock& old, bool is_root) {
    const u64 bytenr = old.header().bytenr;
    bool may_reuse = old.header().generation == workspace_->generation();
    if (is_subvolume(tree_)) {
        BTRKIT_TRY_ASSIGN(may_reuse, rules_.leave(old, tree_, is_root));
    } else if (!may_reuse) {
        workspace_->refs.add(bytenr, own_ref(), -1);
    }
    if (may_reuse) {
        reusable_[old.header().level].push_back(bytenr);
    }
    return {};
}

Result<void> BlockStore::remove_item(const btrfs::Key& key, Bytes body) {
    rules_.count_item(tree_, key, body, -1);
    return {};
}

Result<void> BlockStore::add_item(const btrfs::Key& key, Bytes body) {
    rules_.count_item(tree_, key, body, 1);
    return {};
}

Result<void> BlockStore::finish() {
    BTRKIT_TRY(writes_.finish());
    for (auto& places : reusable_) {
        for (const u64 bytenr : places) {
            workspace_->refs.add(bytenr, own_ref(), -1);
            workspace_->refs.set_owner(bytenr, tree_);
        }
        places.clear();
    }
    return {};
}

Result<void> merge_buffer(Workspace& workspace, OpenTree& tree) {
    if (tree.buffer.empty()) {
        return {};
    }
    const auto taken = tree.buffer.take();
    BlockStore store(workspace, tree.root.id);
    BTRKIT_TRY_ASSIGN(const auto edited, edit_tree(workspace.cache, tree.root.block,
                                                   workspace.identity_of(tree.root.id), taken.edits, store));
    BTRKIT_TRY(store.finish());
    tree.blocks_change += static_cast<std::int64_t>(edited.blocks_born);
    tree.blocks_change -= static_cast<std::int64_t>(edited.blocks_replaced);
    tree.root_item_is_behind = tree.root_item_is_behind || edited.root != tree.root.block || tree.blocks_change != 0;
    tree.root.block = edited.root;
    tree.buffer.set_root(edited.root);
    if (tree.root.id == btrfs::extent_tree_id) {
        workspace.recorded.forget();
    }
    return {};
}

} // namespace btrkit

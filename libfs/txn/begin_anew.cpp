// SPDX-License-Identifier: MIT
#include "libfs/txn/begin_anew.h"

#include "libfs/txn/block_store.h"

namespace btrkit {

namespace {

/// What the root item says that the tree takes.
Result<std::int64_t> recorded_block_count(Workspace& workspace, const OpenTree& tree) {
    BTRKIT_TRY_ASSIGN(auto* roots, workspace.trees.find(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto item, roots->buffer.find(tree.root.root_key));
    if (!item || item->body.size() < btrfs::legacy_root_item_size) {
        return 0;
    }
    const auto* root = reinterpret_cast<const btrfs::RootItem*>(item->body.data());
    return static_cast<std::int64_t>(root->bytes_used / workspace.geometry.nodesize);
}

} // namespace

Result<void> begin_anew(Workspace& workspace, u64 id, const std::function<Result<void>(ItemSink&)>& fill) {
    BTRKIT_TRY_ASSIGN(auto* tree, workspace.trees.find(id));
    BTRKIT_TRY_ASSIGN(const auto old_count, recorded_block_count(workspace, *tree));
    BlockStore store(workspace, id);
    TreeBuilder builder(workspace.geometry, workspace.identity_of(id), store);
    BTRKIT_TRY(fill(builder));
    BTRKIT_TRY_ASSIGN(const auto built, builder.finish());
    BTRKIT_TRY(store.finish());
    tree->root.block = {.address = built.root, .generation = workspace.generation(), .level = built.level, .tree = id};
    tree->buffer.take();
    tree->buffer.set_root(tree->root.block);
    tree->blocks_change = static_cast<std::int64_t>(built.block_count) - old_count;
    tree->root_item_is_behind = true;
    if (id == btrfs::extent_tree_id) {
        workspace.recorded.forget();
    }
    return {};
}

} // namespace btrkit

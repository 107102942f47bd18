// SPDX-License-Identifier: MIT
#include "libfs/relocate/leave_blocks.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/relocate/lay_out.h"
#include "libfs/txn/block_store.h"

namespace btrkit {

namespace {

class Leaving {
public:
    Leaving(Workspace& workspace, OpenTree& tree, const RangeSet& addresses)
        : workspace_(workspace), tree_(tree), addresses_(addresses) {}

    Result<void> run() {
        BTRKIT_TRY_ASSIGN(const auto root, workspace_.cache.get(tree_.root.block));
        if (root->block().count() == 0) {
            return addresses_.contains(tree_.root.block.address.bytenr) ? renew_empty(root->block()) : Result<void>{};
        }
        return visit(tree_.root.block, false);
    }

private:
    /// An item that is put as it is has its leaf made new, and all nodes above that. must_renew: a node above lies at
    /// such an address, and its first leaf stands for it.
    Result<void> visit(const Promise& promise, bool must_renew) {
        must_renew = must_renew || addresses_.contains(promise.address.bytenr);
        if (*promise.level == 0 && !must_renew) {
            return {};
        }
        BTRKIT_TRY_ASSIGN(const auto owned, workspace_.cache.get(promise));
        const TreeBlock& block = owned->block();
        if (block.is_leaf()) {
            tree_.buffer.put(block.key(0), block.item_data(0));
            return {};
        }
        for (u32 slot = 0; slot < block.count(); ++slot) {
            BTRKIT_TRY(visit(child_promise(block, slot, promise), must_renew && slot == 0));
        }
        return {};
    }

    /// There is no item to put.
    Result<void> renew_empty(const TreeBlock& root) {
        BlockStore store(workspace_, tree_.root.id);
        BTRKIT_TRY(store.replace(root, true));
        TreeBuilder builder(workspace_.geometry, workspace_.identity_of(tree_.root.id), store);
        BTRKIT_TRY_ASSIGN(const auto built, builder.finish());
        BTRKIT_TRY(store.finish());
        tree_.root.block.address = built.root;
        tree_.root.block.generation = workspace_.generation();
        tree_.root_item_is_behind = true;
        tree_.buffer.set_root(tree_.root.block);
        return {};
    }

    Workspace& workspace_;
    OpenTree& tree_;
    const RangeSet& addresses_;
};

/// All trees but subvolumes.
Result<std::vector<u64>> unshared_trees(Transaction& transaction) {
    const auto& committed = transaction.committed();
    std::vector<u64> ids = {btrfs::root_tree_id, btrfs::chunk_tree_id};
    ItemRange items(committed.reader(), committed.root_tree().block, KeyRange{});
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (!is_there) {
            return ids;
        }
        if (items.key().type == btrfs::item_type::root_item && !is_subvolume(items.key().objectid)) {
            ids.push_back(items.key().objectid);
        }
    }
}

} // namespace

Result<void> leave_blocks(Transaction& transaction, const RangeSet& leaving) {
    auto& workspace = transaction.workspace();
    BTRKIT_TRY_ASSIGN(const auto ids, unshared_trees(transaction));
    for (const u64 id : ids) {
        BTRKIT_TRY_ASSIGN(auto* tree, workspace.trees.find(id));
        BTRKIT_TRY(Leaving(workspace, *tree, leaving).run());
    }
    return {};
}

Result<void> repack_trees(Transaction& transaction) {
    auto& workspace = transaction.workspace();
    BTRKIT_TRY_ASSIGN(const auto ids, unshared_trees(transaction));
    const RangeSet all = everywhere();
    for (const u64 id : ids) {
        BTRKIT_TRY_ASSIGN(auto* tree, workspace.trees.find(id));
        if (*tree->root.block.level > 0) {
            BTRKIT_TRY(Leaving(workspace, *tree, all).run());
        }
    }
    return {};
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/txn/space_trees.h"

#include "formats/btrfs/item_types.h"
#include "libfs/txn/settle.h"
#include "libfs/txn/space_cache.h"

namespace btrkit {

namespace {

constexpr u64 free_space_flags = btrfs::compat_ro_free_space_tree | btrfs::compat_ro_free_space_tree_valid;

u64 flags_of(SpaceTrees trees) {
    return (trees.has_free_space_tree ? free_space_flags : 0) |
           (trees.has_block_group_tree ? btrfs::compat_ro_block_group_tree : 0);
}

Result<void> check_needs(const Transaction& transaction, SpaceTrees wanted) {
    if (!wanted.has_block_group_tree) {
        return {};
    }
    if (!wanted.has_free_space_tree) {
        return fail(ErrorKind::refused, space_trees_of(transaction).has_block_group_tree
                                            ? "block-group-tree needs free-space-tree: switch ^block-group-tree "
                                              "before, or with it"
                                            : "block-group-tree needs free-space-tree: switch that on, too");
    }
    if (!transaction.has_incompat(btrfs::incompat_no_holes)) {
        return fail(ErrorKind::refused, "block-group-tree needs no-holes: switch that on, too");
    }
    return {};
}

/// Where it begins is filled in; all else is as kernels make the root item of a tree without files.
Result<void> begin_tree(Transaction& transaction, u64 id) {
    btrfs::RootItem root = {};
    root.refs = 1;
    return transaction.create_tree({id, btrfs::item_type::root_item, 0}, root, {});
}

/// Trees that are not there yet.
Result<void> begin_trees(Transaction& transaction, SpaceTrees was, SpaceTrees wanted) {
    if (wanted.has_free_space_tree && !was.has_free_space_tree) {
        BTRKIT_TRY(transaction.drop_tree_if_any(btrfs::free_space_tree_id));
        BTRKIT_TRY(begin_tree(transaction, btrfs::free_space_tree_id));
    }
    if (wanted.has_block_group_tree && !was.has_block_group_tree) {
        BTRKIT_TRY(begin_tree(transaction, btrfs::block_group_tree_id));
    }
    return {};
}

Result<void> erase_block_groups(Transaction& transaction, std::span<const GroupExtents> groups) {
    BTRKIT_TRY_ASSIGN(auto* extents, transaction.tree(btrfs::extent_tree_id));
    for (const auto& group : groups) {
        BTRKIT_TRY_ASSIGN(const bool was_there, extents->erase(block_group_key(group.chunk)));
        if (!was_there) {
            return bad_group(group.chunk, "has no item");
        }
    }
    return {};
}

/// Nothing may wait: the extent tree says all.
Result<void> put_items(Transaction& transaction, SpaceTrees was, SpaceTrees wanted) {
    Workspace& workspace = transaction.workspace();
    BTRKIT_TRY_ASSIGN(const auto* extents, workspace.trees.find(btrfs::extent_tree_id));
    BTRKIT_TRY_ASSIGN(const auto groups, read_group_extents(workspace.filesystem.reader(), extents->root.block));
    if (wanted.has_block_group_tree && !was.has_block_group_tree) {
        BTRKIT_TRY(erase_block_groups(transaction, groups));
    }
    u64& flags = workspace.geometry.compat_ro_flags;
    flags = (flags & ~(free_space_flags | btrfs::compat_ro_block_group_tree)) | flags_of(wanted);
    if (wanted.has_block_group_tree != was.has_block_group_tree) {
        BTRKIT_TRY(put_block_groups(workspace, groups));
    }
    return wanted.has_free_space_tree && !was.has_free_space_tree ? put_free_space(workspace, groups) : Result<void>{};
}

Result<void> drop_space_cache_for_good(Transaction& transaction) {
    transaction.edit_superblocks([](btrfs::Superblock& super) -> Result<void> {
        super.cache_generation = 0;
        return {};
    });
    return drop_space_cache(transaction);
}

} // namespace

SpaceTrees space_trees_of(const Transaction& transaction) {
    return {.has_free_space_tree = transaction.geometry().has_valid_free_space_tree(),
            .has_block_group_tree = transaction.geometry().has_block_group_tree()};
}

Result<void> set_space_trees(Transaction& transaction, SpaceTrees wanted) {
    BTRKIT_TRY(check_needs(transaction, wanted));
    const auto was = space_trees_of(transaction);
    Workspace& workspace = transaction.workspace();
    BTRKIT_TRY(settle(workspace));
    BTRKIT_TRY(begin_trees(transaction, was, wanted));
    BTRKIT_TRY(settle(workspace));
    BTRKIT_TRY(put_items(transaction, was, wanted));
    if (!wanted.has_block_group_tree && was.has_block_group_tree) {
        BTRKIT_TRY(transaction.drop_tree(btrfs::block_group_tree_id));
    }
    if (!wanted.has_free_space_tree) {
        BTRKIT_TRY(transaction.drop_tree_if_any(btrfs::free_space_tree_id));
    }
    return wanted.has_free_space_tree != was.has_free_space_tree ? drop_space_cache_for_good(transaction)
                                                                 : Result<void>{};
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/txn/share_rules.h"

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

/// The data extent that an item of a file tree refers to, and where in it the file would begin.
struct DataUse {
    u64 bytenr = 0;
    u64 inode = 0;
    u64 offset = 0; ///< wraps below the file's beginning
};

std::optional<DataUse> data_use(const btrfs::Key& key, Bytes body) {
    if (key.type != type::extent_data) {
        return std::nullopt;
    }
    const auto* head = view_at<btrfs::FileExtentHead>(body);
    const auto* range = view_at<btrfs::FileExtentRange>(body, sizeof(btrfs::FileExtentHead));
    if (head == nullptr || range == nullptr || head->type == static_cast<u8>(btrfs::FileExtentType::inline_data) ||
        range->disk_bytenr == 0) {
        return std::nullopt;
    }
    return DataUse{.bytenr = range->disk_bytenr, .inode = key.objectid, .offset = key.offset - range->offset};
}

/// A reference by root where the tree is given, else in full.
ExtentRef ref_to_block(std::optional<u64> by_root, u64 parent) {
    return by_root ? ExtentRef{.type = type::tree_block_ref, .root = *by_root, .count = 1}
                   : ExtentRef{.type = type::shared_block_ref, .parent = parent, .count = 1};
}

ExtentRef ref_to_data(const DataUse& use, std::optional<u64> by_root, u64 parent) {
    return by_root ? ExtentRef{.type = type::extent_data_ref,
                               .root = *by_root,
                               .objectid = use.inode,
                               .offset = use.offset,
                               .count = 1}
                   : ExtentRef{.type = type::shared_data_ref, .parent = parent, .count = 1};
}

std::unexpected<Error> contradiction(u64 bytenr, u64 tree, std::string_view what) {
    return fail(ErrorKind::damaged,
                fmt::format("block {} of tree {}: {}; run btrkit-check", bytenr, objectid_text(tree), what));
}

std::unexpected<Error> contradiction(const TreeBlock& block, u64 tree, std::string_view what) {
    return contradiction(u64{block.header().bytenr}, tree, what);
}

/// Whether a child of nodes that tell of the progress is gone.
bool is_gone(const Promise& child, const std::optional<ShareRules::DropProgress>& progress) {
    return progress && *child.level + 1 >= progress->level && child.end && *child.end <= progress->key;
}

/// Whether it is on the way to where the deletion got, so that some of it is gone.
bool is_begun(const Promise& child, const std::optional<ShareRules::DropProgress>& progress) {
    return progress && *child.level >= progress->level && *child.first_key < progress->key;
}

/// Whether it, or anything below it, may refer by a tree that goes away. A node that refers in full may stand above
/// blocks that don't: a balance has moved it, or whoever was interrupted has told of it alone.
bool may_be_told_of(const Promise& child, bool is_full) {
    return *child.level > 0 || !is_full;
}

} // namespace

Result<ShareRules::State> ShareRules::state_of(u64 bytenr) {
    State state;
    const auto* change = workspace_->refs.find_block(bytenr);
    if (change != nullptr) {
        state = {.refs = change->count, .is_full_backref = change->becomes_full_backref};
    }
    if (change == nullptr || !change->is_born) {
        BTRKIT_TRY_ASSIGN(const auto* extents, workspace_->trees.find(btrfs::extent_tree_id));
        BTRKIT_TRY_ASSIGN(const auto head, workspace_->recorded.find(workspace_->cache, extents->root.block, bytenr,
                                                                     workspace_->geometry));
        state.refs += static_cast<std::int64_t>(head.ref_count);
        state.is_full_backref = state.is_full_backref || head.is_full_backref;
    }
    if (state.refs < 1) {
        return fail(ErrorKind::damaged, fmt::format("extent {} is in use, but nobody is recorded to refer to it; run "
                                                    "btrkit-check",
                                                    bytenr));
    }
    return state;
}

/// Calls visit(bytenr, make_ref) for all that the block points to; make_ref(by_root, parent) is the reference.
template <class Visit>
void ShareRules::for_each_child(const BlockView& block, Visit visit) const {
    for (u32 slot = 0; slot < block.count(); ++slot) {
        if (!block.is_leaf()) {
            visit(u64{block.pointer(slot).blockptr}, ref_to_block);
        } else if (const auto use = data_use(block.key(slot), block.item_data(slot))) {
            visit(use->bytenr,
                  [&](std::optional<u64> by_root, u64 parent) { return ref_to_data(*use, by_root, parent); });
        }
    }
}

void ShareRules::count_children(const BlockView& block, std::optional<u64> by_root, std::int64_t change) {
    for_each_child(block, [&](u64 bytenr, auto make_ref) {
        workspace_->refs.add(bytenr, make_ref(by_root, block.header().bytenr), change);
    });
}

Result<bool> ShareRules::leave(const TreeBlock& block, u64 tree, bool is_root) {
    const u64 bytenr = block.header().bytenr;
    const bool is_own = block.header().owner == tree;
    BTRKIT_TRY_ASSIGN(const auto state, state_of(bytenr));
    if (is_root && (state.refs != 1 || state.is_full_backref || !is_own)) {
        return contradiction(block, tree, "is a root that others refer to");
    }
    if (state.refs > 1) {
        if (is_own && !state.is_full_backref) {
            count_children(block, std::nullopt, 1);
            workspace_->refs.set_full_backref(bytenr);
        } else {
            count_children(block, tree, 1);
        }
    } else if (state.is_full_backref) {
        count_children(block, tree, 1);
        count_children(block, std::nullopt, -1);
    } else if (!is_own) {
        return contradiction(block, tree, "nobody else has it, but it belongs to another tree");
    } else if (block.header().generation == workspace_->generation()) {
        return true;
    }
    workspace_->refs.add(bytenr, ref_to_block(tree, 0), -1);
    workspace_->refs.set_owner(bytenr, block.header().owner);
    return false;
}

void ShareRules::count_item(u64 tree, const btrfs::Key& key, Bytes body, std::int64_t change) {
    if (const auto use = data_use(key, body)) {
        workspace_->refs.add(use->bytenr, ref_to_data(*use, tree, 0), change);
    }
}

void ShareRules::share_children(const TreeBlock& root, u64 new_tree) {
    count_children(root, new_tree, 1);
}

Result<bool> ShareRules::is_referring_in_full(u64 bytenr) {
    BTRKIT_TRY_ASSIGN(const auto state, state_of(bytenr));
    return state.is_full_backref;
}

void ShareRules::replace(const BlockView& old, std::span<const BlockView> now, bool is_full) {
    const auto by_root = is_full ? std::nullopt : std::optional(u64{old.header().owner});
    std::vector<RefChange> changes;
    const auto note = [&](const BlockView& block, std::int64_t count) {
        for_each_child(block, [&](u64 bytenr, auto make_ref) {
            changes.push_back({.bytenr = bytenr, .ref = make_ref(by_root, block.header().bytenr), .count = count});
        });
    };
    note(old, -1);
    for (const auto& block : now) {
        note(block, 1);
    }
    // Most of it cancels out at once.
    for (const auto& change : merged_by_extent(changes)) {
        if (change.count != 0) {
            workspace_->refs.add(change.bytenr, change.ref, change.count);
        }
    }
    workspace_->refs.set_owner(old.header().bytenr, old.header().owner);
}

void ShareRules::replace_root(u64 tree, u64 old_bytenr, u64 bytenr) {
    workspace_->refs.add(old_bytenr, ref_to_block(tree, 0), -1);
    workspace_->refs.add(bytenr, ref_to_block(tree, 0), 1);
}

Result<void> ShareRules::drop_tree(const Promise& root, const DroppedTree& tree) {
    BTRKIT_TRY_ASSIGN(const auto owned, workspace_->cache.get(root));
    BTRKIT_TRY_ASSIGN(const auto state, state_of(root.address.bytenr));
    if (state.refs != 1 || state.is_full_backref || owned->block().header().owner != tree.id) {
        return contradiction(owned->block(), tree.id, "is a root that others refer to");
    }
    if (tree.progress && (tree.progress->level == 0 || tree.progress->level > *root.level)) {
        return contradiction(owned->block(), tree.id, "its deletion has got to a level that it does not have");
    }
    BTRKIT_TRY(drop_children(owned->block(), root, false, tree));
    workspace_->refs.add(root.address.bytenr, ref_to_block(tree.id, 0), -1);
    workspace_->refs.set_owner(root.address.bytenr, tree.id);
    return {};
}

/// Of a block that goes.
Result<void> ShareRules::drop_children(const TreeBlock& block, const Promise& promise, bool is_full,
                                       const DroppedTree& tree) {
    if (!is_full && block.header().owner != tree.id) {
        return contradiction(block, tree.id, "nobody else has it, but it belongs to another tree");
    }
    const auto by_root = is_full ? std::nullopt : std::optional(tree.id);
    if (block.is_leaf()) {
        count_children(block, by_root, -1);
        return {};
    }
    for (u32 slot = 0; slot < block.count(); ++slot) {
        const auto child = child_promise(block, slot, promise);
        if (is_gone(child, tree.progress)) {
            continue;
        }
        BTRKIT_TRY(drop_child(child, ref_to_block(by_root, block.header().bytenr), tree));
        BTRKIT_TRY(tree.between());
    }
    return {};
}

Result<void> ShareRules::drop_child(const Promise& child, const ExtentRef& ref, const DroppedTree& tree) {
    const u64 bytenr = child.address.bytenr;
    BTRKIT_TRY_ASSIGN(const auto state, state_of(bytenr));
    if (state.refs > 1 && is_begun(child, tree.progress)) {
        return contradiction(bytenr, tree.id, "is half deleted, but others have it, too");
    }
    const bool may_be_own = may_be_told_of(child, state.is_full_backref) && *child.generation > tree.created;
    u64 owner = 0;
    if (state.refs == 1 || may_be_own) {
        BTRKIT_TRY_ASSIGN(const auto owned, workspace_->cache.get(child));
        const TreeBlock& block = owned->block();
        owner = block.header().owner;
        if (state.refs == 1) {
            BTRKIT_TRY(drop_children(block, child, state.is_full_backref, tree));
        } else if (owner == tree.id) {
            BTRKIT_TRY(leave_to_others(block, child, state.is_full_backref, tree));
        }
    }
    workspace_->refs.add(bytenr, ref, -1);
    workspace_->refs.set_owner(bytenr, owner);
    return {};
}

/// The owner of a block that others keep goes away: nothing at or below it may be referred to by that tree.
Result<void> ShareRules::leave_to_others(const TreeBlock& block, const Promise& promise, bool is_full,
                                         const DroppedTree& tree) {
    if (!is_full) {
        count_children(block, std::nullopt, 1);
        count_children(block, tree.id, -1);
        workspace_->refs.set_full_backref(block.header().bytenr);
    }
    for (u32 slot = 0; !block.is_leaf() && slot < block.count(); ++slot) {
        const auto child = child_promise(block, slot, promise);
        if (*child.generation <= tree.created) {
            continue;
        }
        BTRKIT_TRY_ASSIGN(const auto state, state_of(child.address.bytenr));
        if (!may_be_told_of(child, state.is_full_backref)) {
            continue;
        }
        BTRKIT_TRY_ASSIGN(const auto owned, workspace_->cache.get(child));
        if (owned->block().header().owner == tree.id) {
            BTRKIT_TRY(leave_to_others(owned->block(), child, state.is_full_backref, tree));
            BTRKIT_TRY(tree.between());
        }
    }
    return {};
}

} // namespace btrkit

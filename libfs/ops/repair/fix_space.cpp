// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/fixes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/extents/rebuild_extents.h"
#include "libfs/ops/repair/repair_table.h"

namespace btrkit::repair {

namespace {

/// What is begun anew.
struct NewTrees {
    std::set<u64> damaged;
    bool is_extent_tree_new = false;

    bool contains(u64 tree) const {
        return damaged.contains(tree) || (is_extent_tree_new && tree == btrfs::extent_tree_id);
    }
};

NewTrees new_trees(const FindingList& findings) {
    NewTrees trees;
    for (const auto* finding : findings) {
        const auto& [code, place, detail, refused_by] = finding->problem;
        const auto* row = find_repair(code, place.tree);
        if (row->part == Part::derived_tree) {
            trees.damaged.insert(*place.tree);
        }
        trees.is_extent_tree_new = trees.is_extent_tree_new || row->part != Part::space;
    }
    return trees;
}

/// Items under keys that no group has are told one by one; all others are written over. Those of the free space tree
/// go by themselves.
Result<void> erase_unfounded_groups(Transaction& transaction, const FindingList& findings, const NewTrees& anew) {
    for (const auto* finding : findings) {
        const auto& place = finding->problem.place;
        if (place.key && place.tree && place.key->type == btrfs::item_type::block_group_item &&
            !anew.contains(*place.tree)) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(*place.tree));
            BTRKIT_TRY(tree->erase(*place.key));
        }
    }
    return {};
}

} // namespace

Result<void> fix_space(Transaction& transaction, const FindingList& findings, const RunContext& context) {
    const auto anew = new_trees(findings);
    BTRKIT_TRY(erase_unfounded_groups(transaction, findings, anew));
    if (!anew.is_extent_tree_new) {
        return transaction.renew_space();
    }
    Rebuild rebuild{.damaged = anew.damaged};
    BTRKIT_TRY_ASSIGN(rebuild.restored, find_lost_file_extents(transaction.committed(), findings));
    return rebuild_extents(transaction, std::move(rebuild), context);
}

} // namespace btrkit::repair

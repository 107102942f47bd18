// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/fixes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/extents/rebuild_extents.h"
#include "libfs/ops/repair/repair_table.h"
#include "libfs/relocate/lay_out.h"
#include "libfs/relocate/leave_blocks.h"
#include "libfs/relocate/rewrite_subvolumes.h"

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

/// Elsewhere, for all who share them. Whatever is done to subvolumes comes after that.
Result<void> move_blocks(Transaction& transaction, const RangeSet& mended, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto subvolumes, whole_subvolumes(transaction.committed()));
    BTRKIT_TRY(lay_out(transaction, {}, {.subvolumes = subvolumes, .leaving = mended}, context));
    return leave_blocks(transaction, mended);
}

} // namespace

Result<void> fix_space(Transaction& transaction, const FindingList& findings, const Ground& ground,
                       const RunContext& context) {
    const auto mended = ground.mended();
    const auto anew = new_trees(findings);
    BTRKIT_TRY(erase_unfounded_groups(transaction, findings, anew));
    std::vector<LostFileExtent> restored;
    RebuiltExtents rebuilt;
    if (anew.is_extent_tree_new) {
        BTRKIT_TRY_ASSIGN(restored, find_lost_file_extents(transaction.committed(), findings));
        if (std::ranges::any_of(restored, &LostFileExtent::is_correction)) {
            return fail(ErrorKind::damaged,
                        "a file has an impossible address where the extent tree knows a better one");
        }
        BTRKIT_TRY_ASSIGN(rebuilt,
                          rebuild_extents(transaction,
                                          {.damaged = anew.damaged, .restored = restored, .settled = ground.settled()},
                                          context));
    } else if (!findings.empty()) {
        BTRKIT_TRY(transaction.renew_space());
    }
    if (!mended.empty()) {
        BTRKIT_TRY(move_blocks(transaction, mended, context));
    }
    // Where nothing was given up, data with checksums and without a file may be what a file has lost: they stay.
    for (const auto& range : ground.has_replaced() ? rebuilt.unheld_data.ranges() : std::span<const Range>()) {
        transaction.drop_csums(range);
    }
    return put_restored(transaction, restored, std::move(rebuilt.reserved));
}

} // namespace btrkit::repair

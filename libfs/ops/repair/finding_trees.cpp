// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/finding_trees.h"

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/root.h"

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

Result<bool> is_being_deleted(Transaction& transaction, u64 tree) {
    BTRKIT_TRY_ASSIGN(auto* roots, transaction.tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto item, roots->first_from({tree, btrfs::item_type::root_item, 0}));
    const bool is_there = item && item->key.objectid == tree && item->key.type == btrfs::item_type::root_item;
    return is_subvolume(tree) && is_there && item->body.size() >= btrfs::legacy_root_item_size &&
           whole_root_item(item->body).item.refs == 0;
}

} // namespace

Result<std::set<u64>> trees_of(Transaction& transaction, const survey::Finding& finding) {
    if (!finding.problem.place.tree || finding.affects_more) {
        return fail(ErrorKind::not_found, "not all subvolumes that have it are known");
    }
    std::set<u64> trees;
    for (const auto& affected : finding.affected) {
        trees.insert(affected.tree);
    }
    if (trees.empty()) {
        trees.insert(*finding.problem.place.tree);
    }
    if (finding.alike_trees) {
        trees.insert(finding.alike_trees->begin(), finding.alike_trees->end());
    }
    for (const u64 tree : trees) {
        BTRKIT_TRY_ASSIGN(const bool is_going, is_being_deleted(transaction, tree));
        if (is_going) {
            return fail(ErrorKind::not_found, fmt::format("subvolume {} is being deleted", tree));
        }
    }
    return trees;
}

} // namespace btrkit::repair

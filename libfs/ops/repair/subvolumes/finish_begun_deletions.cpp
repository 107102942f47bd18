// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "libfs/edit/deleted_subvolumes.h"
#include "libfs/ops/repair/fixes.h"

namespace btrkit::repair {

/// Only of those that something is wrong with: all others are the next mount's to finish.
Result<void> finish_begun_deletions(Transaction& transaction, const FindingList& findings, Round& round) {
    BTRKIT_TRY_ASSIGN(auto* roots, transaction.tree(btrfs::root_tree_id));
    std::set<u64> chosen;
    for (const auto* finding : findings) {
        const u64 tree = finding->problem.place.tree.value_or(0);
        // It may have come with another fix.
        BTRKIT_TRY_ASSIGN(const auto orphan,
                          roots->find({btrfs::orphan_objectid, btrfs::item_type::orphan_item, tree}));
        if (orphan) {
            chosen.insert(tree);
        } else {
            round.decline(*finding, "no orphan item says that the subvolume is to be deleted");
        }
    }
    return finish_deletions(transaction, std::vector(chosen.begin(), chosen.end()));
}

} // namespace btrkit::repair

// SPDX-License-Identifier: MIT
#include "formats/btrfs/objectids.h"
#include "libfs/ops/repair/each_item.h"
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"

namespace btrkit::repair {

namespace {

/// Its extents are given back when the change is merged.
Result<void> erase_all_of(TreeBuffer& tree, u64 object) {
    return for_each_item(tree, items_of_inode(object), [&](const BufferedItem& item) -> Result<void> {
        BTRKIT_TRY(tree.erase(item.key));
        return {};
    });
}

} // namespace

Result<void> fix_inode_cache(Transaction& transaction, const FindingList& findings, Round& round) {
    for (const auto* finding : findings) {
        const auto trees = trees_of(transaction, *finding);
        if (!trees) {
            round.decline(*finding, trees.error().message);
            continue;
        }
        for (const u64 id : *trees) {
            BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(id));
            BTRKIT_TRY(erase_all_of(*tree, btrfs::free_ino_objectid));
            BTRKIT_TRY(erase_all_of(*tree, btrfs::free_space_objectid));
        }
    }
    return {};
}

} // namespace btrkit::repair

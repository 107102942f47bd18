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
        BTRKIT_TRY(in_each_tree(transaction, *finding, round, [](u64, TreeBuffer& tree) -> Result<void> {
            BTRKIT_TRY(erase_all_of(tree, btrfs::free_ino_objectid));
            return erase_all_of(tree, btrfs::free_space_objectid);
        }));
    }
    return {};
}

} // namespace btrkit::repair

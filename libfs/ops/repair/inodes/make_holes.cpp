// SPDX-License-Identifier: MIT
#include "libfs/edit/file_extent_items.h"
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/inodes/inode_sums.h"

namespace btrkit::repair {

/// Where every hole has an item, a file with a gap is none that kernels would write.
Result<void> make_holes(Transaction& transaction, const FindingList& findings, Round& round) {
    const auto& geometry = transaction.geometry();
    for (const auto* finding : findings) {
        if (!finding->problem.place.inode) {
            round.decline(*finding, "the finding does not say of what");
            continue;
        }
        const u64 inode = *finding->problem.place.inode;
        BTRKIT_TRY(in_each_tree(transaction, *finding, round, [&](u64 id, TreeBuffer& tree) -> Result<void> {
            BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(tree, inode));
            const u64 end = std::min(round_up(stored.item().size, geometry.sectorsize), file_offset_end);
            return FileExtentItems(tree, id, geometry, inode).fill_holes({0, end});
        }));
    }
    return {};
}

} // namespace btrkit::repair

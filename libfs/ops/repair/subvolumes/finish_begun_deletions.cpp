// SPDX-License-Identifier: MIT
#include "libfs/edit/deleted_subvolumes.h"
#include "libfs/ops/repair/fixes.h"

namespace btrkit::repair {

/// Only of those that something is wrong with: all others are the next mount's to finish.
Result<void> finish_begun_deletions(Transaction& transaction, const FindingList& findings, Round& round) {
    BTRKIT_TRY_ASSIGN(const auto deleted, deleted_subvolumes(transaction.committed()));
    std::set<u64> chosen;
    for (const auto* finding : findings) {
        const auto tree = finding->problem.place.tree;
        if (tree && std::ranges::binary_search(deleted, *tree)) {
            chosen.insert(*tree);
        } else {
            round.decline(*finding, "no orphan item says that the subvolume is to be deleted");
        }
    }
    return finish_deletions(transaction, std::vector(chosen.begin(), chosen.end()));
}

} // namespace btrkit::repair

// SPDX-License-Identifier: MIT
// Where what a finding speaks of has to be put right.
#pragma once

#include "libfs/ops/repair/round.h"
#include "libfs/survey/findings.h"
#include "libfs/txn/transaction.h"

#include <set>

namespace btrkit::repair {

/// The trees that have it: what several subvolumes share, or have alike, is found once, and all of them get the fix.
/// Fails with not_found where not all of them are known, or it is a subvolume that is being deleted, perhaps half gone.
Result<std::set<u64>> trees_of(Transaction& transaction, const survey::Finding& finding);

/// Calls change(id, tree) -> Result<void> for each of them; where they are not known, the finding is declined.
template <class Change>
Result<void> in_each_tree(Transaction& transaction, const survey::Finding& finding, Round& round, Change&& change) {
    const auto trees = trees_of(transaction, finding);
    if (!trees) {
        round.decline(finding, trees.error().message);
        return {};
    }
    for (const u64 id : *trees) {
        BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(id));
        BTRKIT_TRY(change(id, *tree));
    }
    return {};
}

} // namespace btrkit::repair

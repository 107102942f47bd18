// SPDX-License-Identifier: MIT
// Where what a finding speaks of has to be put right.
#pragma once

#include "libfs/survey/findings.h"
#include "libfs/txn/transaction.h"

#include <set>

namespace btrkit::repair {

/// The trees that have it: what several subvolumes share, or have alike, is found once, and all of them get the fix.
/// Fails with not_found where not all of them are known, or it is a subvolume that is being deleted, perhaps half gone.
Result<std::set<u64>> trees_of(Transaction& transaction, const survey::Finding& finding);

} // namespace btrkit::repair

// SPDX-License-Identifier: MIT
// Where what a finding speaks of has to be put right.
#pragma once

#include "libfs/survey/findings.h"
#include "libfs/txn/transaction.h"

#include <set>

namespace btrkit::repair {

/// The trees that have it: a leaf that several subvolumes share has its finding once, and all of them get the fix.
/// Fails with not_found where not all of them are known, or it is a subvolume that is being deleted, perhaps half gone.
Result<std::set<u64>> trees_of(Transaction& transaction, const survey::Finding& finding);

} // namespace btrkit::repair

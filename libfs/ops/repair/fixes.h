// SPDX-License-Identifier: MIT
// The fixes themselves, part by part, as changes of a transaction. Each makes good all that belongs to its part: what
// is derived is made anew as a whole, whichever finding asked for it.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/survey/findings.h"
#include "libfs/txn/transaction.h"

namespace btrkit::repair {

using FindingList = std::vector<const survey::Finding*>;

// All fail as TreeBuffer does. Inode fixes fail with not_found, too, where what a finding speaks of is not there.
Result<void> fix_superblock(Transaction& transaction, const FindingList& findings);
Result<void> fix_devices(Transaction& transaction, const FindingList& findings);
Result<void> fix_uuid_tree(Transaction& transaction, const FindingList& findings);
Result<void> fix_orphans(Transaction& transaction, const FindingList& findings);
Result<void> fix_inodes(Transaction& transaction, const FindingList& findings);
/// Of Part::space, Part::extents and Part::derived_tree together, before all others; and blocks that were mended, at
/// these addresses of the committed filesystem, leave them. Fails as rebuild_extents() and lay_out(), too.
Result<void> fix_space(Transaction& transaction, const FindingList& findings, const RangeSet& mended,
                       const RunContext& context);

} // namespace btrkit::repair

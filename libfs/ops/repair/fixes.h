// SPDX-License-Identifier: MIT
// The fixes themselves, part by part, as changes of a transaction. Each makes good all that belongs to its part: what
// is derived is made anew as a whole, whichever finding asked for it.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/ops/repair/ground.h"
#include "libfs/ops/repair/round.h"
#include "libfs/txn/transaction.h"

namespace btrkit::repair {

using FindingList = std::vector<const survey::Finding*>;

// All fail as TreeBuffer does. Inode fixes fail with not_found, too, where what a finding speaks of is not there.
Result<void> fix_superblock(Transaction& transaction, const FindingList& findings);
Result<void> fix_devices(Transaction& transaction, const FindingList& findings);
Result<void> fix_uuid_tree(Transaction& transaction, const FindingList& findings);
Result<void> fix_orphans(Transaction& transaction, const FindingList& findings);
Result<void> fix_missing_csums(Transaction& transaction, const FindingList& findings);
Result<void> make_data_reloc_tree(Transaction& transaction, const FindingList& findings, Round& round);
/// Of Part::space, Part::extents and Part::derived_tree together, before all others; and blocks that were mended leave
/// their addresses. Fails as rebuild_extents() and lay_out(), too.
Result<void> fix_space(Transaction& transaction, const FindingList& findings, const Ground& ground,
                       const RunContext& context);

// What these decline they leave as it is; the rest is done.
Result<void> finish_begun_deletions(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_names(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> guess_names(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> drop_names(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> make_top_directories(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_missing_inodes(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_second_names(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_subvolume_choices(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_astray_items(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> make_root_directory(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> drop_items(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_root_items(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_inode_items(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_inodes(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_lost_inodes(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> make_holes(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_subvolumes(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> move_subvolumes(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_lost_subvolumes(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> drop_entries(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_inode_cache(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_quota(Transaction& transaction, const FindingList& findings, Round& round);
Result<void> fix_csums(Transaction& transaction, const FindingList& findings, Round& round);

} // namespace btrkit::repair

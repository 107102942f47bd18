// SPDX-License-Identifier: MIT
// Bringing the accounts of a transaction into the trees: what was changed about extents and space.
#pragma once

#include "libfs/txn/workspace.h"

namespace btrkit {

/// Merges all that waits in any tree, then, until nothing changes any more:
///
///  1. Write the references that changed into the extent tree; give back the space of extents that have none left.
///  2. Take the checksums of data out that is gone.
///  3. Write what is used of each block group that changed, and what is free in it.
///  4. Let simple quotas tell who has how much.
///  5. Merge these changes; let root items say where their trees begin now; merge the root tree.
///
/// Each round makes blocks, which change the accounts; but a block of this run is made anew in its own place, so each
/// round has less to account for than the one before.
Result<void> settle(Workspace& workspace);

/// Block group items as they follow from what extents have. They wait to be merged.
Result<void> put_block_groups(Workspace& workspace, std::span<const GroupExtents> groups);
/// The same for all of the free space tree, if there is one that is valid: items of groups that are not given go.
Result<void> put_free_space(Workspace& workspace, std::span<const GroupExtents> groups);

} // namespace btrkit

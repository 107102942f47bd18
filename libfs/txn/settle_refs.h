// SPDX-License-Identifier: MIT
// The references that have changed, brought into the extent tree (internal to libfs/txn).
#pragma once

#include "libfs/txn/workspace.h"

namespace btrkit {

/// Writes them into the extent tree's buffer, and gives back the space of extents that have none left. Extents are
/// looked up and encoded on all cores.
Result<void> settle_refs(Workspace& workspace);

/// The same of data extents alone, but for those that begin in `later`: for who is not done with tree blocks yet, whose
/// references don't add up before. Each new data extent must have a reference by now, if it is ever to have one.
Result<void> settle_data_refs(Workspace& workspace, const RangeSet& later);

} // namespace btrkit

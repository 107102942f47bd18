// SPDX-License-Identifier: MIT
// The references that have changed, brought into the extent tree (internal to libfs/txn).
#pragma once

#include "libfs/txn/workspace.h"

namespace btrkit {

/// Writes them into the extent tree's buffer, and gives back the space of extents that have none left. Extents are
/// looked up and encoded on all cores.
Result<void> settle_refs(Workspace& workspace);

} // namespace btrkit

// SPDX-License-Identifier: MIT
// Whose files are to read best, where not all can.
#pragma once

#include "libfs/base/error.h"
#include "libfs/fs/filesystem.h"

namespace btrkit::defragment {

/// All subvolumes: those that can be written to first, then young snapshots before old ones, what waits for its
/// deletion last. Fails with damaged, and with refused where one is half deleted.
Result<std::vector<TreeRoot>> subvolumes_in_order(const Filesystem& filesystem);

} // namespace btrkit::defragment

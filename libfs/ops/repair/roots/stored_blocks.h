// SPDX-License-Identifier: MIT
// What stands in the space for tree blocks, whether anything leads to it or not.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"

namespace btrkit::repair {

/// Is handed the bytes of a place where a tree block may stand. They live until it returns.
using StoredBlockVisitor = std::function<void(Bytes block, Logical address)>;

/// All places of all chunks for metadata, in all copies, where what stands there says that it is a tree block of this
/// filesystem and of that address. Nothing else of it is proven. What can't be read is passed over. Fails with
/// cancelled.
Result<void> visit_stored_blocks(const Filesystem& filesystem, const RunContext& context,
                                 const StoredBlockVisitor& visit);

} // namespace btrkit::repair

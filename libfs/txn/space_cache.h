// SPDX-License-Identifier: MIT
// The old free space cache (v1): files in the tree of tree roots, whose extents no subvolume knows of.
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit {

bool has_space_cache(const Filesystem& filesystem);

/// Takes all of it out. Kernels make it anew if they use it. Fails with damaged.
Result<void> drop_space_cache(Transaction& transaction);

} // namespace btrkit

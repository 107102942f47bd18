// SPDX-License-Identifier: MIT
// Blocks of trees that nobody shares, made new because they must leave their place.
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit {

/// Has every block of every tree but subvolumes made new that lies at one of these addresses. Nothing may wait in any
/// buffer; what is to be made new waits there afterwards. Fails with damaged and no_space.
Result<void> leave_blocks(Transaction& transaction, const RangeSet& leaving);

/// Has all leaves of the same trees packed again, which many small changes may have left half empty: then no tree takes
/// more blocks than its items need. Nothing may wait in any buffer; what is to be packed waits there afterwards. Fails
/// as leave_blocks().
Result<void> repack_trees(Transaction& transaction);

} // namespace btrkit

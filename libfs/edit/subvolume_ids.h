// SPDX-License-Identifier: MIT
// Which subvolumes there are, as a transaction has them by now.
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit {

/// The ids of all that have a root item, ascending, the top-level one first; those that are being deleted, too. Fails
/// as TreeBuffer does.
Result<std::vector<u64>> subvolume_ids(Transaction& transaction);

} // namespace btrkit

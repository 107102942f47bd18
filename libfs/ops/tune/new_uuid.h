// SPDX-License-Identifier: MIT
// Other ids for a filesystem and all that is in it.
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit::tune {

/// Fails with refused where the filesystem has that id already, and with damaged.
Result<void> set_new_uuid(Transaction& transaction, const btrfs::Uuid& fsid);

} // namespace btrkit::tune

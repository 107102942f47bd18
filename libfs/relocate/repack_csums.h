// SPDX-License-Identifier: MIT
// The checksum tree packed without a gap: its items can be cut anywhere.
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit {

/// Cuts and joins the items of the checksum tree so that each leaf is full. Nothing may wait in its buffer; what
/// changes waits there afterwards. A tree that is larger than what may wait is left as it is. Fails with damaged.
Result<void> repack_csums(Transaction& transaction);

} // namespace btrkit

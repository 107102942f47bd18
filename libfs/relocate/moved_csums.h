// SPDX-License-Identifier: MIT
// Checksums of data that has moved.
#pragma once

#include "libfs/relocate/address_map.h"
#include "libfs/txn/transaction.h"

namespace btrkit {

/// Puts the checksums that the moved data has into the checksum tree at its new addresses; those at the old ones go
/// when the transaction settles. Data without checksums has none there either. Fails with damaged.
Result<void> move_csums(Transaction& transaction, const AddressMap& data);

} // namespace btrkit

// SPDX-License-Identifier: MIT
// The bytes of data extents, and their checksums, copied to where they are going to be.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/relocate/address_map.h"
#include "libfs/txn/transaction.h"

namespace btrkit {

/// Reads everything that moves, on all threads, proves what has checksums, from whichever copy keeps them, and writes
/// it to the new places, which this run has not touched yet. Checksums are put into the checksum tree at the new
/// addresses; data without checksums has none there either. Fails with damaged where no copy keeps its checksum,
/// naming the address; with cancelled and io.
Result<void> copy_data(Transaction& transaction, const AddressMap& data, const RunContext& context);

} // namespace btrkit

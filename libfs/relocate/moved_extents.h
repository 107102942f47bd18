// SPDX-License-Identifier: MIT
// The extent tree after extents and blocks have moved.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/relocate/graph_rewriter.h"
#include "libfs/space/extent_record.h"
#include "libfs/txn/transaction.h"

#include <functional>

namespace btrkit {

/// The extent has its new address, and its references in full name where their blocks are now, in the order of records.
/// block_now: where a block is; nothing where it stayed. Says whether anything is another.
bool translate_extent(ExtentRecord& record, const AddressMap& data,
                      const std::function<std::optional<u64>(u64)>& block_now);

/// Translates every extent of the committed extent tree: its address, and the addresses of blocks that its references
/// in full name. What has changed by that waits in the extent tree of the transaction. Only data and what `blocks` has
/// moved may have changed about those extents. Fails with damaged and cancelled.
Result<void> translate_extents(Transaction& transaction, const AddressMap& data, const GraphRewriter& blocks,
                               const RunContext& context);

} // namespace btrkit

// SPDX-License-Identifier: MIT
// Subvolumes that a kernel has deleted and not cleaned up yet: their names are gone, what they have is still there, all
// of it or the rest (docs/format.md 8.5).
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit {

/// Those that the kernel would go on with: an orphan item of the root tree names them, and nobody refers to them.
/// Ascending ids. Fails with damaged.
Result<std::vector<u64>> deleted_subvolumes(const Filesystem& filesystem);

/// Gives back what is left of these, and takes out all that still tells of them. Those that are gone already are passed
/// over. Fails as Transaction::drop_tree().
Result<void> finish_deletions(Transaction& transaction, std::span<const u64> subvolumes);

} // namespace btrkit

// SPDX-License-Identifier: MIT
// A filesystem without the subvolumes that a kernel has deleted and not cleaned up yet: what verbs stand on that go by
// what every block and extent is for. A half deleted subvolume points to what is no more.
#pragma once

#include "libfs/ops/commit/commit.h"

namespace btrkit::commit {

/// Where nothing waited to be cleaned up, only `deleted` is told, and it is empty.
struct WithoutDeleted {
    std::vector<u64> deleted = {};               ///< the subvolumes that are gone now, by id
    Report report = {};                          ///< of their commit
    std::optional<Transaction> transaction = {}; ///< of a dry run, whose overlays the filesystem stands on
    std::optional<Filesystem> filesystem = {};   ///< as it is then; of a dry run, as it would be
};

/// Deletes all of them, in a commit of its own. The devices are the filesystem's, by devid. Fails with refused where an
/// undo file is wanted: it would not reach back over the next commit. Fails as Transaction::begin(), finish_deletions()
/// and run().
Result<WithoutDeleted> without_deleted(const Filesystem& filesystem, const WritableDevices& devices,
                                       const TransactionOptions& transaction, const Options& options,
                                       const RunContext& context);

/// The same as a dry run without a proof: only to look at.
Result<WithoutDeleted> look_without_deleted(const Filesystem& filesystem, const TransactionOptions& transaction,
                                            const RunContext& context);

} // namespace btrkit::commit

// SPDX-License-Identifier: MIT
// A filesystem as a kernel would have it after a mount: with what its log has in its place. Nothing is written; what is
// new lies above the devices.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/txn/transaction.h"

#include <memory>

namespace btrkit {

class ReplayedView {
public:
    /// The filesystem, and so its devices, must outlive it. problems of the context: told what opening the view finds.
    /// Fails as Transaction::begin() and replay_log().
    static Result<ReplayedView> open(const Filesystem& filesystem, const TransactionOptions& options,
                                     const RunContext& context);

    const Filesystem& filesystem() const { return *filesystem_; }

private:
    explicit ReplayedView(std::unique_ptr<Transaction> transaction) : transaction_(std::move(transaction)) {}

    std::unique_ptr<Transaction> transaction_; ///< its overlays are what the filesystem is read from
    std::optional<Filesystem> filesystem_;
};

} // namespace btrkit

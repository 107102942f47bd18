// SPDX-License-Identifier: MIT
#include "libfs/ops/replayed/replayed_view.h"

#include "libfs/ops/commit/proof.h"
#include "libfs/replay/replay_log.h"

namespace btrkit {

Result<ReplayedView> ReplayedView::open(const Filesystem& filesystem, const TransactionOptions& options,
                                        const RunContext& context) {
    TransactionOptions reading = options;
    reading.parallelism = context.parallelism;
    reading.exceptions = {.may_be_seed = true, .may_be_dump = true, .may_have_log = true};
    reading.bad_items = BadItems::kept; // who takes files out goes past them
    BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(filesystem, reading));
    ReplayedView view(std::make_unique<Transaction>(std::move(transaction)));
    BTRKIT_TRY(replay::replay_log(*view.transaction_));
    BTRKIT_TRY_ASSIGN(const auto proposal, view.transaction_->propose());
    BTRKIT_TRY_ASSIGN(view.filesystem_,
                      commit::open_proposed(proposal, [&](const Problem& problem) { context.tell(problem); }));
    return view;
}

} // namespace btrkit

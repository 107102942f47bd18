// SPDX-License-Identifier: MIT
// Whether a proposed filesystem is as sound as the one that it comes from.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/survey/findings.h"
#include "libfs/txn/transaction.h"

namespace btrkit::commit {

/// The filesystem as it will be: the overlays of the proposal, which must outlive it, and over them its superblocks.
/// Fails as Filesystem::open().
Result<Filesystem> open_proposed(const Proposal& proposal, const ProblemSink& problems = [](const Problem&) {});

/// All that a check finds in the filesystem as it will be. Fails with cancelled, and as opening does.
Result<survey::Findings> check_proposed(const Proposal& proposal, const RunContext& context);

/// Checks the filesystem as it will be, and, only if that finds anything, the one that stands. Returns what is new, as
/// a multiset: told by code, tree, key and inode, never by address, for what was wrong before may lie elsewhere now.
/// Fails with cancelled where it was stopped, and as opening does.
Result<survey::Findings> prove(const Filesystem& committed, const Proposal& proposal, const RunContext& context);

} // namespace btrkit::commit

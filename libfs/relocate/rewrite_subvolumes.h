// SPDX-License-Identifier: MIT
// The subvolumes of a filesystem, whose distinct blocks are rewritten.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/relocate/graph_rewriter.h"

namespace btrkit {

/// All of them, by their ids. Fails with refused where one is half deleted: it still refers to what it has given back.
/// Fails with damaged.
Result<std::vector<TreeRoot>> whole_subvolumes(const Filesystem& filesystem);

/// Hands them over in that order. Fails with cancelled, and as the rewriter does.
Result<void> rewrite_subvolumes(std::span<const TreeRoot> subvolumes, GraphRewriter& rewriter,
                                const RunContext& context);

} // namespace btrkit

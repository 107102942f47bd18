// SPDX-License-Identifier: MIT
// All subvolumes of a filesystem, whose distinct blocks are rewritten.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/relocate/graph_rewriter.h"

namespace btrkit {

/// Hands all subvolumes of the committed filesystem over, by their ids. Fails with refused where one is half deleted,
/// with damaged, with cancelled, and as the rewriter does.
Result<void> rewrite_subvolumes(const Filesystem& committed, GraphRewriter& rewriter, const RunContext& context);

} // namespace btrkit

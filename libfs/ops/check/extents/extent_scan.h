// SPDX-License-Identifier: MIT
// The extent tree from one end to the other.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Scans it: every extent by itself, its count of references, the kind of its block group, and that extents don't
/// overlap. Fills context.space (but for data_without_csum) and the flags of tree blocks, and takes what is recorded
/// away from context.references.
void scan_extent_tree(Context& context);

} // namespace btrkit::check

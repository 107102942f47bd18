// SPDX-License-Identifier: MIT
// All trees that hold files: subvolumes, relocation trees, the data relocation tree.
#pragma once

#include "libfs/ops/check/block_scan.h"

namespace btrkit::check {

/// The trees that may share blocks, as they are to be walked.
std::vector<ScanRoot> file_tree_roots(const Roots& roots);

/// Checks them, every distinct block once, whatever number of snapshots shares it.
void check_file_trees(Context& context);

} // namespace btrkit::check

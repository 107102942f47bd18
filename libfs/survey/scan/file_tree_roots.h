// SPDX-License-Identifier: MIT
// All trees as they are to be walked: those that hold files (subvolumes, relocation trees, the data relocation tree)
// may share blocks, and no others do.
#pragma once

#include "libfs/survey/scan/block_scan.h"

namespace btrkit::survey {

/// The trees that may share blocks, in the order of their ids.
std::vector<ScanRoot> file_tree_roots(const Roots& roots);
/// All others: the root tree, the chunk tree, and those that the root tree names.
std::vector<ScanRoot> alone_tree_roots(const Filesystem& filesystem, const Roots& roots);

} // namespace btrkit::survey

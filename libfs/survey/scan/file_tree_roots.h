// SPDX-License-Identifier: MIT
// All trees that hold files: subvolumes, relocation trees, the data relocation tree.
#pragma once

#include "libfs/survey/scan/block_scan.h"

namespace btrkit::survey {

/// The trees that may share blocks, as they are to be walked.
std::vector<ScanRoot> file_tree_roots(const Roots& roots);

} // namespace btrkit::survey

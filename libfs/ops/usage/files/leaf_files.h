// SPDX-License-Identifier: MIT
// What one leaf of a file tree says of files and their data.
#pragma once

#include "libfs/ops/usage/files/data_ref.h"
#include "libfs/ops/usage/files/file_part.h"
#include "libfs/tree/tree_block.h"

namespace btrkit::usage {

struct LeafFiles {
    std::vector<FilePart> parts; ///< in order of their inodes, each once
    std::vector<DataRef> refs;   ///< in key order
};

/// Who reaches the leaf is left to the caller. Items that are too short, or whose numbers lead beyond all addresses,
/// are passed over.
LeafFiles read_leaf_files(const TreeBlock& leaf);

} // namespace btrkit::usage

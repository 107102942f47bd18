// SPDX-License-Identifier: MIT
// The root tree: where every other tree begins, and how subvolumes hang together.
#pragma once

#include "libfs/ops/mkfs/files/file_filler.h"

namespace btrkit::mkfs {

/// A tree that holds no files.
struct InternalTree {
    u64 id = 0;
    BuiltTree built;
};

/// All trees but the root tree and the chunk tree.
struct AllTrees {
    std::vector<InternalTree> internal;
    std::vector<FilledTree> files;

    const BuiltTree& find(u64 id) const; ///< needs a tree that is there
};

Result<BuiltTree> build_root_tree(const Parameters& parameters, const AllTrees& trees, u64 default_tree,
                                  BlockSink& sink);

} // namespace btrkit::mkfs

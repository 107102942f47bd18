// SPDX-License-Identifier: MIT
// All trees of a new filesystem and all its data, in the order in which each can be known: files, what hangs on them,
// and last what tells where all of it lies.
#pragma once

#include "libfs/ops/mkfs/image/trees.h"
#include "libfs/ops/mkfs/layout.h"

namespace btrkit::mkfs {

/// What is built, from what, and whether for real.
struct BuildOrder {
    const Parameters& parameters;
    const TreePlan& plan;
    const VolumeWriter* writer = nullptr; ///< null: a rehearsal, nothing is written
    DataDepth depth = DataDepth::contents;
    bool share_blocks = false; ///< with the source's files, instead of copying
    const RunContext& run;
};

/// A filesystem that stands on its devices but for its superblocks.
struct BuiltImage {
    Layout layout; ///< without the data chunks that were not needed
    SpaceState space;
    AllTrees trees;
    BuiltTree root_tree;
    BuiltTree chunk_tree;
    u64 extent_count = 0;
};

/// Fails where the source can't be read or does not fit the format (naming the path), where space is too small
/// (no_space), and where a device fails.
Result<BuiltImage> build_image(const BuildOrder& order, Layout layout);

} // namespace btrkit::mkfs

// SPDX-License-Identifier: MIT
// Which space is used, and by what: the extent tree, the block group tree, the free space tree.
#pragma once

#include "libfs/edit/extent_list.h"
#include "libfs/ops/mkfs/image/space_state.h"
#include "libfs/ops/mkfs/parameters.h"
#include "libfs/tree/tree_builder.h"

namespace btrkit::mkfs {

/// blocks: every tree block of the filesystem, those of the extent tree included, in any order. data: by address.
/// Block groups are items of this tree where the filesystem has no tree of its own for them.
Result<BuiltTree> build_extent_tree(const Parameters& parameters, const SpaceState& space,
                                    std::vector<BuiltBlock> blocks, std::span<const DataExtent> data, BlockSink& sink);
Result<BuiltTree> build_block_group_tree(const Parameters& parameters, const SpaceState& space, BlockSink& sink);
Result<BuiltTree> build_free_space_tree(const Parameters& parameters, const SpaceState& space, BlockSink& sink);

} // namespace btrkit::mkfs

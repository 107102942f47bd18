// SPDX-License-Identifier: MIT
// The trees of a new filesystem that hold no files; each storey of them in a file of its own.
#pragma once

#include "libfs/edit/extent_list.h"
#include "libfs/ops/mkfs/files/file_filler.h"
#include "libfs/ops/mkfs/image/space_state.h"
#include "libfs/ops/mkfs/layout.h"
#include "libfs/ops/mkfs/parameters.h"
#include "libfs/tree/tree_builder.h"
#include "libfs/volume/chunk_items.h"

namespace btrkit::mkfs {

/// What all blocks of a tree of this filesystem carry.
TreeIdentity identity_of(const Parameters& parameters, u64 tree);

// device_trees.cpp: what lies where on the devices.

/// What chunk tree and superblock say of a device of the layout.
btrfs::DevItem device_item_of(const Parameters& parameters, const DeviceSpace& device);

Result<BuiltTree> build_chunk_tree(const Parameters& parameters, const Layout& layout, BlockSink& sink);
Result<BuiltTree> build_device_tree(const Parameters& parameters, const Layout& layout, BlockSink& sink);

// small_trees.cpp: those that take a leaf or little more.

/// The uuid of a file tree of the new filesystem.
btrfs::Uuid subvolume_uuid(const Parameters& parameters, u64 tree);

/// The inode of a tree's top directory that nobody sees.
btrfs::InodeItem internal_directory(const Parameters& parameters, u64 nbytes);

Result<BuiltTree> build_data_reloc_tree(const Parameters& parameters, BlockSink& sink);
Result<BuiltTree> build_uuid_tree(const Parameters& parameters, std::span<const FilledTree> trees, BlockSink& sink);
/// A quota group for each file tree, with what it occupies.
Result<BuiltTree> build_quota_tree(const Parameters& parameters, std::span<const FilledTree> trees, BlockSink& sink);

// space_trees.cpp: which space is used, and by what.

/// blocks: every tree block of the filesystem, those of the extent tree included, in any order. data: by address.
/// Block groups are items of this tree where the filesystem has no tree of its own for them.
Result<BuiltTree> build_extent_tree(const Parameters& parameters, const SpaceState& space,
                                    std::vector<BuiltBlock> blocks, std::span<const DataExtent> data, BlockSink& sink);
Result<BuiltTree> build_block_group_tree(const Parameters& parameters, const SpaceState& space, BlockSink& sink);
Result<BuiltTree> build_free_space_tree(const Parameters& parameters, const SpaceState& space, BlockSink& sink);

// root_tree.cpp: where every other tree begins, and how subvolumes hang together.

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

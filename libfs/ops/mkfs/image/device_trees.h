// SPDX-License-Identifier: MIT
// The chunk tree and the device tree: what lies where on the devices.
#pragma once

#include "libfs/ops/mkfs/layout.h"
#include "libfs/ops/mkfs/parameters.h"
#include "libfs/tree/tree_builder.h"
#include "libfs/volume/chunk_items.h"

namespace btrkit::mkfs {

/// What chunk tree and superblock say of a device of the layout.
btrfs::DevItem device_item_of(const Parameters& parameters, const DeviceSpace& device);

Result<BuiltTree> build_chunk_tree(const Parameters& parameters, const Layout& layout, BlockSink& sink);
Result<BuiltTree> build_device_tree(const Parameters& parameters, const Layout& layout, BlockSink& sink);

/// What all blocks of a tree of this filesystem carry.
TreeIdentity identity_of(const Parameters& parameters, u64 tree);

} // namespace btrkit::mkfs

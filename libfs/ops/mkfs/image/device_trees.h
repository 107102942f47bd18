// SPDX-License-Identifier: MIT
// The chunk tree and the device tree: what lies where on the devices.
#pragma once

#include "libfs/ops/mkfs/layout.h"
#include "libfs/ops/mkfs/parameters.h"
#include "libfs/tree/tree_builder.h"

namespace btrkit::mkfs {

/// The item of the device at an index of the layout's devices.
btrfs::DevItem device_item(const Parameters& parameters, const DeviceSpace& device);

/// A whole CHUNK_ITEM with its stripes.
std::vector<std::byte> chunk_item(const Parameters& parameters, const Chunk& chunk);

Result<BuiltTree> build_chunk_tree(const Parameters& parameters, const Layout& layout, BlockSink& sink);
Result<BuiltTree> build_device_tree(const Parameters& parameters, const Layout& layout, BlockSink& sink);

/// What all blocks of a tree of this filesystem carry.
TreeIdentity identity_of(const Parameters& parameters, u64 tree);

} // namespace btrkit::mkfs

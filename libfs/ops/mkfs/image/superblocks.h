// SPDX-License-Identifier: MIT
// The superblocks of a new filesystem: what makes it one.
#pragma once

#include "libfs/ops/mkfs/image/image_builder.h"

namespace btrkit::mkfs {

/// The superblock of each device of the layout, for SuperblockWriter. Fails with no_space where the system chunks have
/// more stripes than a superblock has room for.
Result<std::vector<btrfs::Superblock>> superblocks_of(const Parameters& parameters, const BuiltImage& image);

} // namespace btrkit::mkfs

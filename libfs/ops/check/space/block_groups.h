// SPDX-License-Identifier: MIT
// Block groups against chunks and extents.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Scans the block group tree, where there is one, and holds context.space.block_groups against the chunks, against the
/// bytes that extents occupy, and those against the superblock. After the extent tree and check_devices().
void check_block_groups(Context& context);

} // namespace btrkit::check

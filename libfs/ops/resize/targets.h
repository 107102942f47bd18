// SPDX-License-Identifier: MIT
// How large each device is to be.
#pragma once

#include "libfs/ops/resize/resize.h"

namespace btrkit::resize {

/// What each device must have at least. No device gets more than it has.
DeviceSizes least_sizes(const SpaceUse& use, const ChunkMap& chunks, u32 sectorsize);

/// Fails with usage and refused, saying why.
Result<DeviceSizes> sizes_after(const Shrink& shrink, const SpaceUse& use, const Filesystem& filesystem);
Result<DeviceSizes> sizes_after(const Grow& grow, const SpaceUse& use, const Filesystem& filesystem);

} // namespace btrkit::resize

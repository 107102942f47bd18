// SPDX-License-Identifier: MIT
// Devices, their extents and the chunks on them, in every direction.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Scans the chunk tree and the device tree and holds them against each other, the superblocks and the devices. Needs
/// nothing of other checks; sets space.chunks_complete. What follows from a device that was not given, or from a block
/// that is lost, is not told.
void check_devices(Context& context);

} // namespace btrkit::check

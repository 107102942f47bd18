// SPDX-License-Identifier: MIT
// What statfs(2), and with it df(1), calls free on a filesystem that was just mounted.
#pragma once

#include "libfs/ops/usage/space/space.h"

namespace btrkit::usage {

/// As Linux 6.18 computes it: what is free in block groups of data, and what chunks of data could still be made of what
/// devices have left. Nothing where metadata is full and no chunk can be made for it.
u64 free_by_statfs(const SpaceReport& report, u64 global_reserve_bytes, u32 sectorsize);

} // namespace btrkit::usage

// SPDX-License-Identifier: MIT
// What statfs(2), and with it df(1), calls free on a filesystem that was just mounted.
#pragma once

#include "libfs/ops/usage/space/space.h"

namespace btrkit::usage {

/// As Linux 6.18 computes it: what is free in block groups of data, and what chunks of data could still be made of what
/// devices have left. (A kernel that has failed to make a chunk for metadata says that nothing is free; right behind a
/// mount it has not tried yet.)
u64 free_by_statfs(const SpaceReport& report, u32 sectorsize);

} // namespace btrkit::usage

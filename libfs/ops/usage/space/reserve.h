// SPDX-License-Identifier: MIT
// What the kernel keeps back for itself.
#pragma once

#include "libfs/survey/roots.h"
#include "libfs/volume/geometry.h"

namespace btrkit::usage {

/// The size of the kernel's global reserve (since Linux 6.6), as it is right behind a mount: what the extent tree, the
/// checksum tree and those of free space and block groups occupy, at least the worst case of an unlink, and at most
/// 512 MiB. A kernel at work also counts what its log trees and the root tree have grown by.
u64 global_reserve_bytes(const survey::Roots& roots, const Geometry& geometry);

} // namespace btrkit::usage

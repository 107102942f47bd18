// SPDX-License-Identifier: MIT
// Trees without which the kernel does not mount.
#pragma once

#include "libfs/volume/geometry.h"

#include <vector>

namespace btrkit::survey {

/// Those that the root tree of a filesystem with these features must name.
std::vector<u64> essential_trees(const Geometry& geometry);

} // namespace btrkit::survey

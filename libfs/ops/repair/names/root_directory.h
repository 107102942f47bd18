// SPDX-License-Identifier: MIT
// The directory in the root tree. It has one entry, "default", which names the subvolume that is mounted where nothing
// else is said; all else of it is always the same.
#pragma once

#include "libfs/base/problem.h"

namespace btrkit::repair {

/// Whether it is about an item of that directory.
bool is_about_root_directory(const Problem& problem);

} // namespace btrkit::repair

// SPDX-License-Identifier: MIT
// What the log of a filesystem has of its space. No extent tree knows of it.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/fs/filesystem.h"

namespace btrkit {

/// The tree blocks of a log that waits to be replayed, and the extents that it has of files, as far as it can be read:
/// what is lost of it is lost to whoever replays it, too. Logical. Some of the extents the extent tree has as well.
RangeSet logged_space(const Filesystem& filesystem);

} // namespace btrkit

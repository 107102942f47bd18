// SPDX-License-Identifier: MIT
// Which inodes of two trees of one filesystem may be different.
#pragma once

#include "libfs/ops/diff/context.h"

#include <unordered_set>

namespace btrkit::diff {

/// Where a number is not among them, both trees have the same inode by that number, and of a directory all that is
/// below it is the same.
using TouchedInodes = std::unordered_set<u64>;

/// Nothing: the blocks that tell it are lost, and everything may be different.
std::optional<TouchedInodes> find_touched_inodes(Context& context);

} // namespace btrkit::diff

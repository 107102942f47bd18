// SPDX-License-Identifier: MIT
// Older versions of leaves that are lost: changing a block leaves the one that was there where it was, until something
// else is written over it; and a snapshot keeps a version of its own.
#pragma once

#include "libfs/ops/repair/lost/lost_blocks.h"

#include <map>

namespace btrkit::repair {

/// Of the lost leaves, by address: whole leaves of the same tree or one that is a copy of the other, with keys in the
/// range that is lost, and no younger than it; those of the tree before others, and the newest first. One pass over
/// all space for tree blocks. Fails with cancelled.
Result<std::map<u64, std::vector<Logical>>>
find_older_leaves(const Filesystem& filesystem, std::span<const LostBlock> lost, const RunContext& context);

} // namespace btrkit::repair

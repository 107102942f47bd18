// SPDX-License-Identifier: MIT
// Nodes with other pointers: a child begins with another key than it did, or nothing leads to it any more. What is
// above a node follows, up to the root.
#pragma once

#include "libfs/ops/repair/lost/new_block.h"

#include <map>

namespace btrkit::repair {

/// By the child's address: the key that it begins with now; nothing: it goes.
using ChangedChildren = std::map<u64, std::optional<btrfs::Key>>;

/// All nodes of these trees, which may share blocks, that lead to such a child, as they are then. Fails with damaged
/// where nothing would be left of a tree.
Result<std::vector<MendedBlock>> relink(const Filesystem& filesystem, std::span<const TreeRoot> trees,
                                        ChangedChildren changed);

} // namespace btrkit::repair

// SPDX-License-Identifier: MIT
// What entries say of inodes, wherever in the tree they stand: for inodes that can't say it themselves.
#pragma once

#include "formats/btrfs/dir.h"
#include "libfs/tree/tree_buffer.h"

#include <map>
#include <set>

namespace btrkit::repair {

struct EntriesTo {
    btrfs::FileType file_type = btrfs::FileType::unknown;
    std::set<u64> directories = {}; ///< in which they stand
};

/// Of all these inodes, in one pass over the whole tree; nothing of those that no entry leads to.
Result<std::map<u64, EntriesTo>> find_entries_to(TreeBuffer& tree, const std::set<u64>& inodes);

} // namespace btrkit::repair

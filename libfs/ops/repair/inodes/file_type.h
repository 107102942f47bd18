// SPDX-License-Identifier: MIT
// What kind of file an inode is: its mode says so, each entry that leads to it does, and what it holds excludes some.
#pragma once

#include "formats/btrfs/dir.h"
#include "libfs/ops/repair/inodes/inode_sums.h"

namespace btrkit::repair {

/// Makes the mode of the inode and all entries that its references name say the same, by majority among those that can
/// be. What no mode can have is cleared. False, and nothing is changed: it can't be told. other_entry: what an entry
/// says that no reference names, if there is one.
Result<bool> settle_file_type(TreeBuffer& tree, u64 inode, btrfs::FileType other_entry = btrfs::FileType::unknown);

/// An entry that leads to another subvolume is of a directory. False: there is none in that item.
Result<bool> settle_subvolume_type(TreeBuffer& tree, const btrfs::Key& key);

} // namespace btrkit::repair

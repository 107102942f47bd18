// SPDX-License-Identifier: MIT
// The top directory of a tree: a directory that refers to itself as "..", and has no other name.
#pragma once

#include "libfs/fs/inode.h"
#include "libfs/tree/tree_buffer.h"

namespace btrkit::repair {

/// Whether an inode is one: of a file tree, or of the root tree.
constexpr bool is_top_directory(u64 inode) {
    return inode == btrfs::root_dir_inode || inode == btrfs::root_tree_dir_id;
}

/// Makes that so. Fails with not_found where there is no such inode.
Result<void> renew_top_directory(TreeBuffer& tree, u64 inode);

/// That of a new subvolume: for all to read, and empty.
Inode new_top_directory(u64 generation, Time now);

} // namespace btrkit::repair

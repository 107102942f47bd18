// SPDX-License-Identifier: MIT
// From a path to an inode, through subvolumes.
#pragma once

#include "libfs/fs/filesystem.h"

#include <string_view>
#include <vector>

namespace btrkit {

/// The names of a path, without those that don't matter: empty ones and ".".
std::vector<std::string_view> path_names(std::string_view path);

/// An inode in its tree.
struct InodePlace {
    TreeRoot tree;
    u64 inode = 0;
};

/// Finds what path names, from the top-level tree (5) on; "/", "" and "." are its root directory. Leading, trailing
/// and double slashes and "." don't matter; ".." and symlinks are not followed: a path in an image is what is stored.
/// Fails with not_found naming the part that is not there, or with damaged where directories can't be read.
Result<InodePlace> find_path(const Filesystem& filesystem, std::string_view path);
/// The same from a directory on.
Result<InodePlace> find_path_from(const Filesystem& filesystem, const InodePlace& top, std::string_view path);

/// The location of the entry called name among those of a DIR_ITEM, which share a hash, or of a DIR_INDEX.
std::optional<btrfs::Key> entry_of_name(Bytes entries, std::string_view name);

} // namespace btrkit

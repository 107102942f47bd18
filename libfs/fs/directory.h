// SPDX-License-Identifier: MIT
// The entries of a directory, in the order in which they were made.
#pragma once

#include "formats/btrfs/dir.h"
#include "libfs/fs/item_range.h"
#include "libfs/fs/path_lookup.h"

#include <string>

namespace btrkit {

struct DirEntry {
    u64 index = 0;       ///< of its DIR_INDEX
    std::string name;    ///< any bytes; from 1 to btrfs::max_name_length of them, neither '/' nor NUL
    btrfs::Key location; ///< of an inode in the same tree, or of a subvolume's root item
    btrfs::FileType type = btrfs::FileType::unknown;

    bool is_subvolume() const;
};

/// Whether a name can stand in a path. "." and ".." can't: who follows them leaves the directory.
bool is_possible_name(std::string_view name);

class Directory {
public:
    Directory(const Filesystem& filesystem, const InodePlace& place);

    /// The next entry, nothing behind the last. Fails with damaged where entries may be lost or one is malformed, and
    /// goes on behind them if called again.
    Result<std::optional<DirEntry>> next();

private:
    u64 tree_;
    ItemRange items_;
};

/// Where an entry of dir leads: to an inode of the same tree, or to the root directory of a subvolume. Nothing where
/// the subvolume hangs elsewhere: a snapshot has the entries of the subvolumes that were in its source, but not them,
/// and the kernel shows empty directories. Fails with not_found or damaged.
Result<std::optional<InodePlace>> follow(const Filesystem& filesystem, const InodePlace& dir, const DirEntry& entry);

} // namespace btrkit

// SPDX-License-Identifier: MIT
// A log that waits to be replayed, and what goes with it where it is dropped: what was synced since the last commit.
#pragma once

#include "libfs/fs/filesystem.h"

#include <string>
#include <vector>

namespace btrkit::repair {

/// An inode of which the log has something.
struct LoggedInode {
    u64 tree = 0;
    u64 inode = 0;
    std::string name = {}; ///< that it has in the log; empty: the log names it not
};

struct DroppedLog {
    std::vector<LoggedInode> inodes; ///< in the order of trees and inodes
    bool has_more = false;           ///< too many to tell all
    bool is_whole = true;            ///< all of the log could be read
};

/// Nothing where no log waits.
std::optional<DroppedLog> read_log(const Filesystem& filesystem);

/// What the superblock says where no log waits.
void drop_log(btrfs::Superblock& super);

} // namespace btrkit::repair

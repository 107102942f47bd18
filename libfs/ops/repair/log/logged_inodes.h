// SPDX-License-Identifier: MIT
// What a log that waits has: what was synced since the last commit. It goes where the log is dropped, and is there
// where it is replayed.
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

struct LoggedInodes {
    std::vector<LoggedInode> inodes; ///< in the order of trees and inodes
    bool has_more = false;           ///< too many to tell all
    bool is_whole = true;            ///< all of the log could be read
};

/// Nothing where no log waits.
std::optional<LoggedInodes> read_log(const Filesystem& filesystem);

} // namespace btrkit::repair

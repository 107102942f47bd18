// SPDX-License-Identifier: MIT
// Times of directories, sent when the stream has most likely done with their entries.
#pragma once

#include "libfs/ops/send/commands.h"
#include "libfs/ops/send/names/paths.h"

#include <list>

namespace btrkit::send {

/// As in the kernel: the directories that were touched last wait, up to 64 of them.
class DirTimes {
public:
    DirTimes(const Snapshots& snapshots, Commands& commands, Paths& paths)
        : snapshots_(snapshots), commands_(commands), paths_(paths) {}

    /// The directory was changed.
    void touch(u64 dir, u64 generation);
    /// Sends those that were touched longest ago, where there are too many.
    Result<void> send_oldest();
    bool any() const { return !order_.empty(); }
    /// Sends that which was touched last. Needs any().
    Result<void> send_latest();

    /// Times of any inode, now; of one that is not known, none.
    Result<void> send(u64 inode, u64 generation);

private:
    using Id = std::pair<u64, u64>;

    const Snapshots& snapshots_;
    Commands& commands_;
    Paths& paths_;
    std::list<Id> order_; ///< the last touched one last
    std::map<Id, std::list<Id>::iterator> where_;
};

} // namespace btrkit::send

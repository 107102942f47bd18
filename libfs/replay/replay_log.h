// SPDX-License-Identifier: MIT
// A log that waits: what was synced (fsync) since the last commit, in trees of its own, for kernels to bring into the
// subvolumes when they mount the filesystem. Here it becomes a part of a transaction instead.
//
// For each subvolume that has a log, in the order of a kernel:
//  1. Inodes: what the log has of them; files are cut to their size; attributes and, of directories, entries that are
//     gone go.
//  2. Entries that the log has, of inodes whose references it has not.
//  3. Attributes, names and data.
//  4. Links, bytes and sizes of directories are counted.
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit::replay {

struct ReplayedLog {
    u64 subvolume_count = 0; ///< that had a log; those of subvolumes that are gone are not replayed
    u64 inode_count = 0;     ///< that the logs have
};

/// To be the first change of a transaction that may have a log (WriteExceptions); its superblocks say that none waits.
/// Fails with damaged where part of the log, or of what it changes, can't be read; with refused for what no kernel
/// logs.
Result<ReplayedLog> replay_log(Transaction& transaction);

/// The superblocks of the transaction say that no log waits: what it has is a part of the change, or goes.
void drop_log(Transaction& transaction);

} // namespace btrkit::replay

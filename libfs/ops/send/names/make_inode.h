// SPDX-License-Identifier: MIT
// New inodes, by their temporary names.
#pragma once

#include "libfs/fs/file_data.h"
#include "libfs/ops/send/commands.h"
#include "libfs/ops/send/names/paths.h"

#include <unordered_set>

namespace btrkit::send {

class InodeMaker {
public:
    InodeMaker(const Filesystem& filesystem, const Snapshots& snapshots, const CurrentInode& current,
               Commands& commands, Paths& paths);

    /// Makes the inode at the receiver, by its temporary name.
    Result<void> make(const Inode& inode);
    /// The same for a directory that may have been made already, for one of its entries whose turn came first.
    Result<void> make_dir_once(const Inode& inode);
    Result<void> make_dir_once(u64 dir);

private:
    Result<bool> was_made(u64 dir);
    void remember(u64 dir);

    const Snapshots& snapshots_;
    const CurrentInode& current_;
    Commands& commands_;
    Paths& paths_;
    FileReader symlinks_;
    /// Some of those that were made, for the others their entries tell; or, where entries may be lost, all those that
    /// were made before their turn.
    std::unordered_set<u64> made_dirs_;
};

} // namespace btrkit::send

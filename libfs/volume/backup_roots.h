// SPDX-License-Identifier: MIT
// The superblock's notes of where the trees began (docs/format.md 2.5): four in rotation.
#pragma once

#include "formats/btrfs/superblock.h"
#include "libfs/base/bytes.h"

namespace btrkit {

/// Where a tree begins, and in which generation its root was written.
struct NotedRoot {
    u64 bytenr = 0;
    u64 generation = 0;
    u8 level = 0;
};

/// The trees that a backup notes and the superblock itself does not.
struct NotedRoots {
    NotedRoot extent;
    NotedRoot fs; ///< the top-level subvolume
    NotedRoot dev;
    NotedRoot csum;
};

/// The backup of a superblock that is to be written: its root tree and chunk tree, its sums, and these trees.
btrfs::RootBackup root_backup(const btrfs::Superblock& super, const NotedRoots& roots);

/// Which of the four the commit after this superblock fills: the one behind the newest, which is the first whose root
/// tree has the superblock's generation; the very first where there is none.
std::size_t next_backup_slot(const btrfs::Superblock& super);

} // namespace btrkit

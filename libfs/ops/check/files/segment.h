// SPDX-License-Identifier: MIT
// What a stretch of a file tree amounts to. Stretches that follow each other make one: so a subtree is the sum of its
// children, and one that many snapshots share is summed up once.
#pragma once

#include "libfs/ops/check/files/inode_state.h"

#include <functional>

namespace btrkit::check {

/// Inodes that lie wholly inside are settled, and only their hashes are left. The first and the last may go on beyond
/// the borders and stay open; nothing: what is there is lost.
struct Segment {
    bool is_empty = true; ///< no items at all
    /// The first open inode. If it is also the last (is_single), then nothing else is in the segment.
    std::optional<InodeState> first;
    std::optional<InodeState> last;
    bool is_single = false;
    /// Names, file types and orphans, one side less the other. Zero for a whole and sound tree.
    Sum128 balance;
    bool is_whole = true; ///< nothing of it was lost
    u64 inode_count = 0;  ///< those with an inode item

    static Segment of(const InodeState& inode);
    /// Items that were lost.
    static Segment hole();
};

/// Takes inodes of which all items are known.
using SettleInode = std::function<void(const InodeState&)>;

/// Puts a later segment behind this one.
void append(Segment& segment, const Segment& later, const SettleInode& settle, u64 seed);

/// The same for one inode, of which most lie between others: without the copies that a segment of it takes.
void append(Segment& segment, const InodeState& inode, const SettleInode& settle, u64 seed);

/// Settles what is still open at both ends of a whole tree.
void close(Segment& segment, const SettleInode& settle, u64 seed);

} // namespace btrkit::check

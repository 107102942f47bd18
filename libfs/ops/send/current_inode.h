// SPDX-License-Identifier: MIT
// The inode that is being sent, and with it how far the stream is.
#pragma once

#include "libfs/base/address.h"

#include <optional>
#include <string>

namespace btrkit::send {

struct CurrentInode {
    u64 number = 0; ///< 0: none yet
    u64 generation = 0;
    u64 size = 0;
    u32 mode = 0;
    bool is_new = false;     ///< the receiver has no such inode yet
    bool is_deleted = false; ///< the sent snapshot has no such inode
    /// The number belongs to different inodes in the two snapshots: one is deleted and the other made, at once, and the
    /// items that the walk comes to are not looked at any more.
    bool is_replaced = false;
    bool is_ignored = false; ///< without any name in either snapshot
    bool has_new_verity = false;

    /// Up to where its bytes have been sent.
    u64 next_write_offset = 0;
    /// Where the extent ends that was looked at last; nothing: not known.
    std::optional<u64> last_extent_end;
    /// Where the first extent item of the parent began that is gone, and behind which no extent was looked at yet.
    std::optional<u64> gone_extent_offset;

    /// How far the names are: inodes below this number have their names of the sent snapshot already, the others still
    /// those of the parent.
    u64 names_done_below = 0;
};

} // namespace btrkit::send

// SPDX-License-Identifier: MIT
// What is sent, and what the receiver has already.
#pragma once

#include "libfs/ops/send/snapshot.h"

namespace btrkit::send {

/// What the receiver has of an inode, given how far the stream is.
enum class InodeState {
    unchanged,   ///< it is in both snapshots
    will_create, ///< it is only in the sent one, and its turn has not come
    did_create,
    will_delete, ///< it is only in the parent, and its turn has not come
    did_delete,
};

constexpr bool exists_now(InodeState state) {
    return state == InodeState::unchanged || state == InodeState::did_create || state == InodeState::will_delete;
}

struct Snapshots {
    Snapshot* sent;
    Snapshot* parent;                    ///< null: everything is sent
    const Filesystem* parent_filesystem; ///< that the parent lies in; null: the same as the sent snapshot's

    /// Whether addresses mean the same in both.
    bool one_filesystem() const { return parent_filesystem == nullptr; }

    /// Nothing where neither snapshot has such an inode of that generation.
    Result<std::optional<InodeState>> find_state(u64 inode, u64 generation, u64 names_done_below) const;
    /// The same where one of them must: damaged if not.
    Result<InodeState> state(u64 inode, u64 generation, u64 names_done_below) const;
};

} // namespace btrkit::send

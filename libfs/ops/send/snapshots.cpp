// SPDX-License-Identifier: MIT
#include "libfs/ops/send/snapshots.h"

#include "formats/btrfs/item_types.h"

#include <fmt/format.h>

namespace btrkit::send {

namespace {

/// Generation of an inode that has names; nothing where there is none.
Result<std::optional<u64>> named_generation(Snapshot* snapshot, u64 number) {
    if (snapshot == nullptr) {
        return std::nullopt;
    }
    BTRKIT_TRY_ASSIGN(const auto inode, snapshot->inode(number));
    return inode && inode->nlink != 0 ? std::optional(inode->generation) : std::nullopt;
}

} // namespace

Result<std::optional<InodeState>> Snapshots::find_state(u64 inode, u64 generation, u64 names_done_below) const {
    BTRKIT_TRY_ASSIGN(const auto in_sent, named_generation(sent, inode));
    BTRKIT_TRY_ASSIGN(const auto in_parent, named_generation(parent, inode));
    const bool is_sent = in_sent == generation;
    const bool was_in_parent = in_parent == generation;
    const bool done = inode < names_done_below;
    if (is_sent && was_in_parent) {
        return InodeState::unchanged;
    }
    if (is_sent) {
        return done ? InodeState::did_create : InodeState::will_create;
    }
    if (was_in_parent) {
        return done ? InodeState::did_delete : InodeState::will_delete;
    }
    return std::nullopt;
}

Result<InodeState> Snapshots::state(u64 inode, u64 generation, u64 names_done_below) const {
    BTRKIT_TRY_ASSIGN(const auto found, find_state(inode, generation, names_done_below));
    if (!found) {
        return std::unexpected(sent->damaged({inode, btrfs::item_type::inode_item, 0},
                                             fmt::format("no inode of generation {} with a name", generation)));
    }
    return *found;
}

} // namespace btrkit::send

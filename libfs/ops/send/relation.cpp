// SPDX-License-Identifier: MIT
#include "libfs/ops/send/relation.h"

#include <algorithm>

namespace btrkit::send {

namespace {

/// A subvolume's ancestors are few; what goes on longer is a circle.
constexpr std::size_t most_ancestors = 1024;

using Uuids = std::vector<btrfs::Uuid>;

/// Of the subvolume, of what it was received as, and of its ancestors, as far as they are still there.
Result<Uuids> lineage(const Filesystem& filesystem, const Subvolume& subvolume) {
    Uuids uuids;
    Result<std::optional<Subvolume>> next = subvolume;
    while (next && *next && uuids.size() < most_ancestors) {
        uuids.insert(uuids.end(), {(*next)->uuid, (*next)->received_uuid, (*next)->parent_uuid});
        next = find_subvolume(filesystem, (*next)->parent_uuid);
    }
    std::erase_if(uuids, [](const auto& uuid) { return uuid.is_null(); });
    return next ? Result<Uuids>(std::move(uuids)) : std::unexpected(next.error());
}

} // namespace

Result<bool> are_related(const Filesystem& filesystem, Snapshot& snapshot, const Filesystem& parent_filesystem,
                         Snapshot& parent) {
    // A snapshot has its source's top directory, down to the time when that was made.
    const auto top = snapshot.need_inode(btrfs::root_dir_inode);
    BTRKIT_TRY_ASSIGN(const auto parent_top, top ? parent.need_inode(btrfs::root_dir_inode) : top);
    if (top->generation == parent_top.generation && top->otime == parent_top.otime) {
        return true;
    }
    const auto ours = lineage(filesystem, snapshot.subvolume());
    BTRKIT_TRY_ASSIGN(const auto theirs,
                      ours ? lineage(parent_filesystem, parent.subvolume()) : std::unexpected(ours.error()));
    return std::ranges::find_first_of(*ours, theirs) != ours->end();
}

} // namespace btrkit::send

// SPDX-License-Identifier: MIT
// Subvolumes as users name them and as streams tell of them.
#pragma once

#include "libfs/fs/filesystem.h"

#include <string>
#include <string_view>
#include <vector>

namespace btrkit::send {

struct Subvolume {
    TreeRoot tree;
    std::string name; ///< of its entry in the directory that it hangs in; "toplevel" for the top-level tree
    btrfs::Uuid uuid = {};
    btrfs::Uuid parent_uuid = {}; ///< of what it was made a snapshot of
    btrfs::Uuid received_uuid = {};
    u64 ctransid = 0; ///< generation of its last change
    bool is_read_only = false;

    u64 id() const { return tree.id; }
    /// By which a receiver knows it: where it was received itself, what it was received as.
    const btrfs::Uuid& stream_uuid() const { return received_uuid.is_null() ? uuid : received_uuid; }
};

/// Finds a subvolume by id ("257") or path ("/snapshots/1"). Fails with not_found, usage (the path leads into a
/// subvolume and not to its top), refused (it is being deleted), or damaged.
Result<Subvolume> find_subvolume(const Filesystem& filesystem, std::string_view name);

Result<Subvolume> find_subvolume(const Filesystem& filesystem, u64 id);

/// The subvolume with that uuid; nothing where there is none.
Result<std::optional<Subvolume>> find_subvolume(const Filesystem& filesystem, const btrfs::Uuid& uuid);

/// Which of the candidates a send of subvolume should be made against, as the peer picks it: what it is a snapshot of,
/// or else that other snapshot of it which is nearest in generations. Nothing: none of them.
Result<std::optional<Subvolume>> choose_parent(const Filesystem& filesystem, const Subvolume& subvolume,
                                               const std::vector<Subvolume>& candidates);

} // namespace btrkit::send

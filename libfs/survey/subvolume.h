// SPDX-License-Identifier: MIT
// One subvolume, as users name it.
#pragma once

#include "libfs/fs/filesystem.h"

#include <string>
#include <string_view>

namespace btrkit::survey {

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

/// Users name a subvolume by id ("257") or by path ("/snapshots/1"). What is all digits is an id; a path that looks
/// like one is written "/257" or "./257". Nothing: it is a path.
std::optional<u64> parse_subvolume_id(std::string_view name);

/// Finds a subvolume by id or path. Fails with not_found, usage (the path leads into a subvolume and not to its top),
/// refused (it is being deleted), or damaged.
Result<Subvolume> find_subvolume(const Filesystem& filesystem, std::string_view name);

Result<Subvolume> find_subvolume(const Filesystem& filesystem, u64 id);

/// The subvolume with that uuid; nothing where there is none.
Result<std::optional<Subvolume>> find_subvolume(const Filesystem& filesystem, const btrfs::Uuid& uuid);

} // namespace btrkit::survey

// SPDX-License-Identifier: MIT
// What builders change of a source before it becomes a filesystem. All of it needs a settled tree.
#pragma once

#include "libfs/ops/source/source_tree.h"

#include <optional>
#include <string_view>
#include <utility>

namespace btrkit::source {

/// Ids [from, from + count) become [to, to + count).
struct IdMap {
    u32 from = 0;
    u32 to = 0;
    u32 count = 0;
};

/// Who shall own everything: the first of these that is given holds. Maps also change the ids in ACLs, as a mount with
/// mapped ids does; an empty map changes nothing, in any other the first range that has an id holds.
struct Ownership {
    bool all_root = false;
    std::optional<std::pair<u32, u32>> owner = {}; ///< uid and gid
    std::vector<IdMap> uid_map = {};
    std::vector<IdMap> gid_map = {};
};

/// Fails with usage where an id is in no range of its map, or would become more than an id can be.
Result<void> set_ownership_of(u32& uid, u32& gid, std::vector<Xattr>& xattrs, const Ownership& ownership);
/// The same for all inodes; the failure names the path.
Result<void> set_ownership(SourceTree& tree, const Ownership& ownership);

/// Makes all times depend on the source's mtimes alone, for SOURCE_DATE_EPOCH: an mtime after epoch becomes epoch;
/// atime, ctime and otime, which differ from host to host, become the mtime.
void clamp_times(SourceTree& tree, std::int64_t epoch);

/// The inode at path: names from the top, parted by '/'; empty ones and "." mean nothing. Symlinks are not followed.
/// Fails with not_found, naming the path, where there is none, and with usage where it has "..".
Result<u32> find_inode(const SourceTree& tree, std::string_view path);

/// Adds flags (btrfs::inode_nodatacow, inode_nodatasum) to the file or directory at path, and to all files and
/// directories below it that are in the same subvolume. Call split_links() before.
Result<void> set_inode_flags(SourceTree& tree, std::string_view path, u64 flags);

/// Makes the directory at path a subvolume, not SubvolumeKind::none. Fails with usage where it is none, is a subvolume
/// already, or is the top and shall be read-only (a writable subvolume it is anyway). Returns the directory's inode.
Result<u32> mark_subvolume(SourceTree& tree, std::string_view path, SubvolumeKind kind);

/// Hard links can't cross subvolumes: an inode with names in several becomes one inode in each, the new ones behind all
/// others, with the same content. Call it once all subvolumes are marked; leaves the tree settled.
void split_links(SourceTree& tree);

} // namespace btrkit::source

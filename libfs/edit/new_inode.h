// SPDX-License-Identifier: MIT
// All items of a new inode but those of its data: itself, its names, its attributes, its directory entries.
#pragma once

#include "formats/btrfs/root.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/xattrs.h"
#include "libfs/tree/item_sink.h"
#include "libfs/volume/geometry.h"

namespace btrkit {

/// The kernel's bound on the names of one inode.
inline constexpr u64 max_links = 65535;
/// PATH_MAX without the terminator.
inline constexpr std::size_t max_link_target_bytes = 4095;

/// A name of an inode: an entry of a directory of the same tree.
struct NewName {
    u64 dir = 0;
    u64 index = 0; ///< of the entry there
    std::string_view name;
};

/// What a directory holds: an inode of the same tree, or a subvolume.
struct NewEntry {
    u64 index = 0;
    std::string_view name;
    btrfs::Key location;
    btrfs::FileType type = btrfs::FileType::unknown;
};

/// The inode's own generation and transid are those of all its items. Spans and texts live elsewhere.
struct NewInode {
    Inode inode;
    std::span<const NewName> names; ///< sorted by directory, then index; none: the top directory of its tree
    std::span<const Xattr> xattrs;
    std::span<const NewEntry> entries; ///< sorted by index
};

/// The time as it stands on disk.
btrfs::Timespec timespec_of(Time time);

/// The item that parse_inode() takes apart.
btrfs::InodeItem inode_item_of(const Inode& inode);

/// The root item of a tree, but for where it begins. The inode in it means nothing; kernels give it always these
/// numbers.
btrfs::RootItem new_root_item(const Geometry& geometry);

/// Adds the items in key order. Fails with unsupported, saying what of the inode does not fit the format, and as the
/// sink does.
Result<void> add_inode_items(ItemSink& sink, const Geometry& geometry, const NewInode& added);

} // namespace btrkit

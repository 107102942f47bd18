// SPDX-License-Identifier: MIT
// The file extent items of one inode in a tree that is being changed: looked up, cut, taken out and put. All ranges are
// of whole sectors. Extents that an item no longer refers to are given back by the transaction.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/fs/file_extents.h"
#include "libfs/tree/tree_buffer.h"

namespace btrkit {

/// Behind the end of any file.
inline constexpr u64 file_offset_end = u64{1} << 62;

class FileExtentItems {
public:
    /// The tree must outlive it.
    FileExtentItems(TreeBuffer& tree, u64 tree_id, const Geometry& geometry, u64 inode)
        : tree_(&tree), tree_id_(tree_id), geometry_(&geometry), inode_(inode) {}

    /// The first extent that reaches beyond an offset; nothing behind the last. Holes that have no item are passed
    /// over. Fails with damaged where it is malformed.
    Result<std::optional<FileExtent>> first_beyond(u64 offset);

    /// Leaves nothing in the range: extents within go, those that reach over its borders are cut. An inline extent can
    /// only go as a whole. Returns how much less the inode has (its nbytes).
    Result<u64> drop(Range range);

    /// An extent that stands there already, or this range of one; nothing else is in that range of the file. Its inline
    /// bytes, if it has some, are as they are stored.
    void put(const FileExtent& extent);

    /// A hole where nothing is: an item, where the filesystem has items for holes.
    Result<void> put_hole(Range range);
    /// The same of all that is in no extent.
    Result<void> fill_holes(Range range);

private:
    Result<std::optional<FileExtent>> extent_of(const std::optional<BufferedItem>& item) const;
    btrfs::Key key(u64 offset) const;

    TreeBuffer* tree_;
    u64 tree_id_;
    const Geometry* geometry_;
    u64 inode_;
};

/// What a range within an extent, which is not inline, is of it.
FileExtent part_of(const FileExtent& extent, Range range);

/// Where it ends in the file.
u64 end_of(const FileExtent& extent);

/// What an extent adds to the nbytes of its inode.
u64 counted_bytes(const FileExtent& extent);

} // namespace btrkit

// SPDX-License-Identifier: MIT
// What the receiver's copy of a file has in the place of an extent.
#pragma once

#include "libfs/fs/file_extents.h"
#include "libfs/ops/send/snapshot.h"

namespace btrkit::send {

/// The file extents of the parent. Fails as Snapshot does.
class ParentExtents {
public:
    /// one_filesystem: addresses mean the same in both snapshots; otherwise no data is ever known to be unchanged.
    ParentExtents(Snapshot& parent, u32 sectorsize, bool one_filesystem)
        : search_(parent.search()), tree_(parent.id()), sectorsize_(sectorsize), one_filesystem_(one_filesystem) {}

    /// Whether the file shows the same bytes of the same extents there.
    Result<bool> has(u64 inode, const FileExtent& extent);
    /// Whether all of the range is a hole there.
    Result<bool> has_hole(u64 inode, u64 from, u64 to);

private:
    bool stands_on(u64 inode) const;
    Result<FileExtent> parse() const;

    TreeSearch search_;
    u64 tree_;
    u32 sectorsize_;
    bool one_filesystem_;
};

} // namespace btrkit::send

// SPDX-License-Identifier: MIT
// What the receiver's copy of a file has in the place of an extent.
#pragma once

#include "libfs/ops/send/data/content_comparison.h"

namespace btrkit::send {

/// The file extents of the parent. Fails as Snapshot does.
class ParentExtents {
public:
    /// sectorsize: of the parent's filesystem. comparison: of two filesystems, in which the same addresses mean
    /// nothing; null where it is one.
    ParentExtents(Snapshot& parent, u32 sectorsize, std::unique_ptr<ContentComparison> comparison)
        : search_(parent.search()), tree_(parent.id()), sectorsize_(sectorsize), comparison_(std::move(comparison)) {}

    /// Whether the file shows the same bytes of the same extents there (in another filesystem: the same bytes).
    Result<bool> has(const Inode& inode, const FileExtent& extent);
    /// Whether all of the range is a hole there.
    Result<bool> has_hole(u64 inode, u64 from, u64 to);

private:
    Result<bool> has_extents(u64 inode, const FileExtent& extent);
    bool stands_on(u64 inode) const;
    Result<FileExtent> parse() const;

    TreeSearch search_;
    u64 tree_;
    u32 sectorsize_;
    std::unique_ptr<ContentComparison> comparison_;
};

} // namespace btrkit::send

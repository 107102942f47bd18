// SPDX-License-Identifier: MIT
// Whether files of two filesystems have the same bytes: by reading both.
#pragma once

#include "libfs/fs/extent_reader.h"
#include "libfs/ops/send/snapshot.h"

namespace btrkit::send {

/// Compares ranges of files, again and again; for one thread.
class ContentComparison {
public:
    ContentComparison(const Filesystem& filesystem, const Filesystem& parent_filesystem, Snapshot& parent);

    /// Whether bytes [extent.offset, end) of the parent's inode are those that extent shows. has_checksums: of the sent
    /// inode. Fails as Snapshot does; what can't be read is not equal.
    Result<bool> equal(const FileExtent& extent, bool has_checksums, u64 inode, u64 end);

private:
    bool read_sent(const FileExtent& extent, bool has_checksums, u64 at, MutableBytes out);
    Result<bool> read_parent(u64 inode, bool has_checksums, u64 at, MutableBytes out);

    Snapshot& parent_;
    TreeSearch parent_items_;
    ExtentReader sent_reader_;
    ExtentReader parent_reader_;
    u32 parent_sectorsize_;
    u32 sectorsize_; ///< the larger of both
    std::vector<std::byte> sent_bytes_;
    std::vector<std::byte> parent_bytes_;
};

} // namespace btrkit::send

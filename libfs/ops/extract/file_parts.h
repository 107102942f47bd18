// SPDX-License-Identifier: MIT
// What a file consists of, as far as its items can be read: data, and what is lost. Holes are what is between.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/fs/file_extents.h"
#include "libfs/fs/xattrs.h"
#include "libfs/ops/extract/inode_items.h"

namespace btrkit::extract {

/// Data of a file, or bytes of it of which nothing is known: extent.kind is hole, and they are bad.
struct FilePart {
    FileExtent extent;
    bool is_lost() const { return extent.kind == ExtentKind::hole; }
};

/// One file at a time, in constant memory.
class FileParts {
public:
    FileParts(u64 tree, u32 sectorsize) : tree_(tree), sectorsize_(sectorsize) {}

    /// items stands on the first item behind those that don't matter, of this inode or not.
    void begin(InodeItems& items, const Inode& inode);
    /// The next part in order, none behind the last. Parts don't overlap: what says otherwise is lost.
    std::optional<FilePart> next();

private:
    /// What is between position_ and end, if anything, where something may have been lost meanwhile: not a hole then.
    std::optional<FilePart> lost_gap(u64 end);
    FilePart lost_until(u64 end);

    u64 tree_;
    u32 sectorsize_;
    InodeItems* items_ = nullptr;
    u64 inode_ = 0;
    u64 size_ = 0;
    u64 position_ = 0;             ///< up to where it is told
    std::size_t missed_count_ = 0; ///< of the items, where position_ was told
    std::optional<FilePart> waiting_;
};

} // namespace btrkit::extract

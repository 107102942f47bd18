// SPDX-License-Identifier: MIT
// The extents of a file in order, holes included, with the rules of docs/format.md 9.4.
#pragma once

#include "formats/btrfs/file_extent.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/item_range.h"

#include <vector>

namespace btrkit {

enum class ExtentKind {
    hole,
    inline_data,
    regular,
    prealloc, ///< reserved and not written: reads as zeros
};

/// What a range of a file is.
struct FileExtent {
    ExtentKind kind = ExtentKind::hole;
    u64 offset = 0; ///< in the file
    u64 length = 0; ///< never 0; ends with the file at last
    u64 generation = 0;
    btrfs::Compression compression = btrfs::Compression::none;
    /// Bytes of the whole extent when it is unpacked; of an inline extent, what follows them up to length is zero.
    u64 ram_bytes = 0;
    // Of regular and preallocated extents; multiples of the sector size.
    Logical disk = {};
    u64 disk_num_bytes = 0;
    u64 offset_in_extent = 0; ///< where in the unpacked extent this range begins
    // Of inline extents.
    std::vector<std::byte> inline_bytes = {}; ///< as they are stored

    bool is_compressed() const { return compression != btrfs::Compression::none; }
    /// Whether bytes are stored for it, as lseek(2) sees it with SEEK_DATA.
    bool is_data() const { return kind == ExtentKind::inline_data || kind == ExtentKind::regular; }
};

/// What one item of a tree says, its range whole even where the file ends before it. Fails with damaged where it is
/// malformed, and with unsupported where it is encoded in unknown ways.
Result<FileExtent> parse_file_extent(u64 tree, const btrfs::Key& key, Bytes data, u32 sectorsize);

class FileExtents {
public:
    /// Of a regular file or symlink with this inode: those that begin at offset `from` or behind it.
    FileExtents(const Filesystem& filesystem, const InodePlace& place, const Inode& inode, u64 from = 0);

    /// The next range. From `from` up to the size of the file they follow each other without gap and overlap; two holes
    /// never touch. Nothing behind the last. Fails with damaged where extents may be lost, overlap or are impossible,
    /// and with unsupported where they are encoded in unknown ways; then it is over.
    Result<std::optional<FileExtent>> next();

private:
    Result<std::optional<FileExtent>> next_stored();

    u64 tree_;
    u32 sectorsize_;
    u64 size_;
    ItemRange items_;
    u64 position_;                      ///< up to where next() told
    u64 stored_end_ = 0;                ///< where the last item's range ends, which no other may begin before
    std::optional<FileExtent> waiting_; ///< behind the hole that was told last
};

} // namespace btrkit

// SPDX-License-Identifier: MIT
// The items of file data, inode by inode, with the extents that the data was given.
#pragma once

#include "formats/btrfs/file_extent.h"
#include "libfs/edit/extent_list.h"
#include "libfs/tree/item_sink.h"
#include "libfs/volume/geometry.h"

#include <optional>

namespace btrkit {

/// The kernel's bound on one extent of uncompressed data.
inline constexpr u64 max_extent_bytes = u64{128} << 20;

/// A piece of file data where it was stored. Lengths are multiples of the sector size.
struct StoredPiece {
    Logical at;
    u64 stored_bytes = 0;
    u64 file_offset = 0;
    u64 plain_bytes = 0;
    btrfs::Compression compression = btrfs::Compression::none;
    bool begins_group = false; ///< the first of its block group: no extent reaches over that border
};

class FileItemWriter {
public:
    /// sink takes the items of the tree; extents, what data was given. Both must outlive it.
    FileItemWriter(ItemSink& sink, const Geometry& geometry, u64 tree, u64 generation,
                   std::vector<DataExtent>& extents);

    /// What follows is the inode's data, in ascending order. Its other items come between this and the data, from the
    /// caller.
    Result<void> begin_inode(u64 number);
    Result<void> add_inline(Bytes stored, u64 plain_bytes, btrfs::Compression compression);
    /// Uncompressed pieces that follow each other in the file and on disk become one extent.
    Result<void> add_piece(const StoredPiece& piece);
    /// A hole; an item only where the filesystem has items for holes.
    Result<void> add_hole(u64 file_offset, u64 length);
    /// Behind the last inode's data.
    Result<void> flush();

    /// What the files occupy on disk, as far as it is flushed.
    u64 data_bytes() const { return data_bytes_; }

private:
    btrfs::FileExtentHead head_of(btrfs::FileExtentType type, u64 ram_bytes, btrfs::Compression compression) const;
    Result<void> add_range(u64 file_offset, const btrfs::FileExtentHead& head, const btrfs::FileExtentRange& range);

    ItemSink* sink_;
    bool has_hole_items_;
    u64 tree_id_;
    u64 generation_;
    std::vector<DataExtent>* extents_;
    u64 inode_ = 0; ///< number of the one begun last
    std::optional<StoredPiece> open_;
    u64 data_bytes_ = 0;
};

} // namespace btrkit

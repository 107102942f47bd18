// SPDX-License-Identifier: MIT
// One file tree, inode by inode in the order of their numbers, with the extents that their data was given.
#pragma once

#include "formats/btrfs/file_extent.h"
#include "libfs/ops/mkfs/files/extent_list.h"
#include "libfs/ops/mkfs/files/inode_items.h"

#include <optional>

namespace btrkit::mkfs {

/// A piece of file data where it was stored. Lengths are multiples of the sector size.
struct StoredPiece {
    Logical at;
    u64 stored_bytes = 0;
    u64 file_offset = 0;
    u64 plain_bytes = 0;
    btrfs::Compression compression = btrfs::Compression::none;
    bool begins_group = false; ///< the first of its block group: no extent reaches over that border
};

class FileTreeWriter {
public:
    FileTreeWriter(const TreePlan& plan, const Geometry& geometry, const TreeIdentity& identity, BlockSink& sink,
                   std::vector<DataExtent>& extents);

    /// The next inode. What follows is its data, in ascending order.
    Result<void> begin_inode(u32 source_inode, u64 nbytes);
    Result<void> add_inline(Bytes stored, u64 plain_bytes, btrfs::Compression compression);
    /// Uncompressed pieces that follow each other in the file and on disk become one extent.
    Result<void> add_piece(const StoredPiece& piece);
    /// A hole; an item only where the filesystem has items for holes.
    Result<void> add_hole(u64 file_offset, u64 length);

    struct Finished {
        BuiltTree tree;
        u64 data_bytes = 0; ///< that the tree's files occupy on disk
    };
    Result<Finished> finish();

private:
    Result<void> flush_extent();
    Result<void> add_range(u64 file_offset, const btrfs::FileExtentHead& head, const btrfs::FileExtentRange& range);

    const TreePlan* plan_;
    InodeItems inode_items_;
    bool has_hole_items_;
    u64 tree_id_;
    TreeBuilder builder_;
    std::vector<DataExtent>* extents_;
    u64 inode_ = 0; ///< number of the one begun last
    std::optional<StoredPiece> open_;
    u64 data_bytes_ = 0;
};

} // namespace btrkit::mkfs

// SPDX-License-Identifier: MIT
// Cuts the inodes of a source tree into batches, always the same way, and reads what is in them.
#pragma once

#include "libfs/ops/source/data_batch.h"
#include "libfs/ops/source/source_tree.h"

#include <memory>

namespace btrkit::source {

class BatchMaker {
public:
    /// inodes: of the tree, in the order in which they are written. All must outlive it.
    BatchMaker(const Geometry& geometry, CompressionMethod compression, const SourceTree& tree,
               std::span<const u32> inodes)
        : geometry_(&geometry), compresses_(compression.algorithm != btrfs::Compression::none), tree_(&tree),
          inodes_(inodes) {}

    /// The next batch; null at the end.
    std::unique_ptr<Batch> next();

private:
    void begin_inode(Batch& batch);
    bool add_data(Batch& batch);
    std::size_t add_piece(Batch& batch, u64 length, bool is_inline);
    void end_inode();
    u64 piece_length(const Batch& batch, u64 left) const;

    const Geometry* geometry_;
    bool compresses_;
    const SourceTree* tree_;
    std::span<const u32> inodes_;
    std::size_t inode_ = 0;         ///< index into inodes_
    bool is_begun_ = false;         ///< its first step was made
    bool is_inline_ = false;        ///< its data stands in the tree
    std::vector<DataRange> ranges_; ///< of the begun inode, in whole sectors
    std::size_t range_ = 0;
    u64 done_until_ = 0; ///< file offset, in whole sectors
};

/// Fills the batch with the bytes of its pieces. For several threads at once. Fails as Content::read() does.
Result<void> read_batch(const SourceTree& tree, Batch& batch);

} // namespace btrkit::source

// SPDX-License-Identifier: MIT
// Cuts the inodes of a file tree into batches, always the same way.
#pragma once

#include "libfs/ops/mkfs/files/data_batch.h"
#include "libfs/ops/mkfs/parameters.h"
#include "libfs/ops/mkfs/tree_plan.h"

#include <memory>

namespace btrkit::mkfs {

class BatchMaker {
public:
    BatchMaker(const Parameters& parameters, const TreePlan& plan, const PlannedTree& tree)
        : parameters_(&parameters), plan_(&plan), tree_(&tree) {}

    /// The next batch; null at the end.
    std::unique_ptr<Batch> next();

private:
    void begin_inode(Batch& batch);
    bool add_data(Batch& batch);
    std::size_t add_piece(Batch& batch, u64 length, bool is_inline);
    void end_inode();
    u64 piece_length(const Batch& batch, u64 left) const;

    const Parameters* parameters_;
    const TreePlan* plan_;
    const PlannedTree* tree_;
    std::size_t inode_ = 0;         ///< index into the tree's inodes
    bool is_begun_ = false;         ///< its first step was made
    bool is_inline_ = false;        ///< its data stands in the tree
    std::vector<DataRange> ranges_; ///< of the begun inode, in whole sectors
    std::size_t range_ = 0;
    u64 done_until_ = 0; ///< file offset, in whole sectors
};

/// The file's data ranges, widened to sectors and joined where they touch.
std::vector<DataRange> sector_ranges(const SourceInode& inode, u32 sectorsize);

} // namespace btrkit::mkfs

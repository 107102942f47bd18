// SPDX-License-Identifier: MIT
// The file trees and their data: read, compressed, checksummed and written on all cores, laid out in one order.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/edit/csum_writer.h"
#include "libfs/ops/mkfs/files/inode_items.h"
#include "libfs/ops/mkfs/image/metadata_store.h"
#include "libfs/ops/mkfs/parameters.h"
#include "libfs/ops/mkfs/tree_plan.h"
#include "libfs/ops/source/batch_maker.h"

namespace btrkit::mkfs {

/// A file tree that was built.
struct FilledTree {
    const PlannedTree* plan = nullptr;
    BuiltTree built;
    u64 data_bytes = 0; ///< on disk
};

/// What a filler works on and with.
struct FillContext {
    const Parameters& parameters;
    const TreePlan& plan;
    MetadataStore& metadata;
    SpacePool& data;
    const VolumeWriter* writer = nullptr; ///< null: nothing is written
    DataDepth depth = DataDepth::contents;
    bool share_blocks = false; ///< with the source's files, instead of copying: Content::with_file()
    const RunContext& run;
};

class FileFiller {
public:
    explicit FileFiller(const FillContext& context)
        : context_(context), packer_(context.parameters.geometry, context.parameters.compression, context.depth) {}

    /// Fills one tree; csums takes the checksums of its data, extents its extents, both in the order of addresses.
    Result<FilledTree> fill(const PlannedTree& planned, CsumWriter& csums, std::vector<DataExtent>& extents);

private:
    /// What the items of the tree at hand are written with.
    struct Items {
        TreeBuilder& tree;
        InodeItems inodes;
        FileItemWriter data;
    };

    void work(Batch& batch);
    Result<void> settle(Batch& batch, Items& items, CsumWriter& csums);
    Result<void> place_run(Batch& batch, const DataRun& run);
    Result<void> write(const Batch& batch) const;
    Result<void> share(const Batch& batch, const PlacedRun& run) const;
    Result<void> finish(const Batch& batch, Items& items, CsumWriter& csums) const;
    Result<void> begin_inode(const Step& step, Items& items) const;

    FillContext context_;
    DataPacker packer_;
};

} // namespace btrkit::mkfs

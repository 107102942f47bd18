// SPDX-License-Identifier: MIT
// Where the new filesystem's tree blocks go, and the list of them that the extent tree is made from.
#pragma once

#include "libfs/space/block_group_space.h"
#include "libfs/tree/tree_builder.h"
#include "libfs/volume/volume_writer.h"

namespace btrkit::mkfs {

class MetadataStore final : public BlockSink {
public:
    /// Blocks of the chunk tree come from `system`, all others from `metadata`. writer: null where nothing is to be
    /// written.
    MetadataStore(const Geometry& geometry, SpacePool system, SpacePool metadata, const VolumeWriter* writer)
        : geometry_(&geometry), system_(std::move(system)), metadata_(std::move(metadata)), writer_(writer) {}

    /// Fails with no_space.
    Result<Logical> place(u64 tree, u8 level) override;
    /// Seals the block (seal_block()) and writes all copies.
    Result<void> take(const BuiltBlock& block, MutableBytes bytes) override;

    /// A store that goes on from here, but keeps nothing that it is given: to know what would be.
    MetadataStore rehearsal() const { return {*geometry_, system_, metadata_, nullptr}; }

    std::span<const BuiltBlock> blocks() const { return blocks_; }
    const SpacePool& system() const { return system_; }
    const SpacePool& metadata() const { return metadata_; }

private:
    const Geometry* geometry_;
    SpacePool system_;
    SpacePool metadata_;
    const VolumeWriter* writer_;
    std::vector<BuiltBlock> blocks_;
};

} // namespace btrkit::mkfs

// SPDX-License-Identifier: MIT
// Every tree block that anything leads to, in waves: what superblocks name, what that leads to, and so on. Nothing is
// proven on the way, for what is damaged is what a dump is for; an address is taken once, whatever leads to it.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/base/sparse_bits.h"
#include "libfs/ops/dump_image/block_job.h"

namespace btrkit::dump_image {

class MetadataWalk {
public:
    MetadataWalk(const Source& source, DumpWriter& writer, const RunContext& context, Report& report)
        : source_(source), writer_(writer), context_(context), report_(report) {}

    /// Where to begin. What can't be a tree block is passed over.
    void add(u64 address);
    /// Writes all blocks. Fails with io or cancelled.
    Result<void> run();

    /// Of all blocks that were written, in ascending order.
    std::vector<u64> written() const;
    /// Where a tree block was expected and none is, sectors that belong to others left out.
    std::vector<Range> foreign_ranges() const;
    /// Of old free space caches; they may overlap.
    std::vector<Range>& caches() { return caches_; }

private:
    Result<void> run_wave(std::span<const u64> addresses);
    Result<void> finish(const BlockJob& job);

    const Source& source_;
    DumpWriter& writer_;
    const RunContext& context_;
    Report& report_;

    SparseBits seen_;    ///< addresses of blocks, in sectors
    SparseBits written_; ///< likewise
    SparseBits taken_;   ///< sectors that are part of a block that was written
    std::vector<u64> next_;
    std::vector<u64> foreign_;
    std::vector<Range> caches_;
};

} // namespace btrkit::dump_image

// SPDX-License-Identifier: MIT
// What is done to a batch by itself, in any order and on any thread: read it, compress it, compute its checksums.
#pragma once

#include "libfs/base/pool.h"
#include "libfs/ops/mkfs/files/data_batch.h"
#include "libfs/ops/mkfs/parameters.h"

namespace btrkit::mkfs {

/// How far file data is looked at.
enum class DataDepth {
    sizes,   ///< not at all; compression is taken to gain nothing and to split extents: an upper bound of the space
    contents ///< read and compressed
};

class DataWorker {
public:
    DataWorker(const Parameters& parameters, const SourceTree& source, DataDepth depth)
        : parameters_(&parameters), source_(&source), depth_(depth) {}

    /// Fills plain, packed, runs and csums; what goes wrong is in batch.status.
    void work(Batch& batch);

private:
    Result<void> read(Batch& batch) const;
    void pack(Batch& batch);
    void pack_inline(Batch& batch, Step& step, Compressor* compressor) const;
    void pack_step(Batch& batch, std::size_t index, Compressor* compressor) const;
    void store(Batch& batch, DataRun run, Bytes bytes) const;
    void compute_checksums(Batch& batch) const;
    bool may_compress(const Step& step) const;
    bool compresses() const { return parameters_->compression.algorithm != btrfs::Compression::none; }

    const Parameters* parameters_;
    const SourceTree* source_;
    DataDepth depth_;
    Pool<Compressor> compressors_;
};

} // namespace btrkit::mkfs

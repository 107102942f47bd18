// SPDX-License-Identifier: MIT
// What of commands can be done on all cores, whatever the filesystem holds (internal to libfs/ops/receive).
#pragma once

#include "libfs/ops/receive/command_batch.h"

namespace btrkit::receive {

/// For several threads at once.
class BatchPreparer {
public:
    BatchPreparer(const Geometry& geometry, CompressionMethod method)
        : geometry_(&geometry), packer_(geometry, method, DataDepth::contents) {}

    /// Packs and checksums what is written; unpacks what comes packed, to prove it, and checksums it as it is.
    void prepare(CommandBatch& batch);

private:
    void prove(CommandBatch& batch, std::size_t index);
    Result<void> unpack(const EncodedExtent& extent, Bytes packed, MutableBytes plain);
    void make_run(CommandBatch& batch, std::size_t index) const;

    const Geometry* geometry_;
    DataPacker packer_;
    Pool<Decompressor> decompressors_; ///< for the filesystem's own sectors
};

} // namespace btrkit::receive

// SPDX-License-Identifier: MIT
// New tree blocks on their way to their places: sealed and written on all cores.
#pragma once

#include "libfs/base/ordered_push.h"
#include "libfs/tree/seal_block.h"
#include "libfs/volume/volume_writer.h"

namespace btrkit {

class SealedWrites {
public:
    /// The geometry must outlive it.
    SealedWrites(Parallelism parallelism, const Geometry& geometry, BadItems bad_items);

    /// The bytes are copied; nobody may read the place before finish(). Fails with what has become of an earlier one.
    Result<void> push(const BuiltBlock& block, Bytes bytes, std::vector<StoredPart> parts);
    /// Waits until all are written. Fails with the first that could not be sealed or written.
    Result<void> finish();

private:
    struct Made {
        BuiltBlock block;
        std::vector<StoredPart> parts;
        std::vector<std::byte> bytes;
        Result<void> written = {};
    };

    Result<void> written_; ///< what became of those whose turn it was
    OrderedPush<std::unique_ptr<Made>> writes_;
};

} // namespace btrkit

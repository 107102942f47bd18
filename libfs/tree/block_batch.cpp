// SPDX-License-Identifier: MIT
#include "libfs/tree/block_batch.h"

namespace btrkit {

void BlockBatch::gather(TreeWalk& walk, std::size_t most) {
    const std::size_t full = std::min(most, buffer_.size() / nodesize_);
    while (promises_.size() < full) {
        auto promise = walk.next();
        if (!promise) {
            return;
        }
        promises_.push_back(*promise);
    }
}

void BlockBatch::read(const BlockReader& reader) {
    blocks_ = reader.read_many(promises_, buffer_.first(promises_.size() * nodesize_));
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/tree/block_batch.h"

namespace btrkit {

void BlockBatch::gather(TreeWalk& walk, std::size_t most) {
    const std::size_t full = std::min(most, buffer_.size() / nodesize_);
    while (refs_.size() < full) {
        auto ref = walk.next();
        if (!ref) {
            return;
        }
        refs_.push_back(*ref);
    }
}

void BlockBatch::read(const BlockReader& reader) {
    std::vector<Promise> promises;
    promises.reserve(refs_.size());
    for (const auto& ref : refs_) {
        promises.push_back(ref.promise);
    }
    blocks_ = reader.read_many(promises, buffer_.first(refs_.size() * nodesize_));
}

} // namespace btrkit

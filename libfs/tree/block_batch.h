// SPDX-License-Identifier: MIT
// A handful of blocks on their way through the pipeline (base/ordered_pipeline.h): gathered in one thread, read in
// large runs and proven in another, handed on in order.
#pragma once

#include "libfs/tree/tree_walk.h"

namespace btrkit {

class BlockBatch {
public:
    /// Bytes of a batch. Larger ones make fewer requests, smaller ones less memory: 256 KiB of metadata become some
    /// 2 MB of text, and as many as 25 MB of JSON where free-space bitmaps are in tatters.
    static constexpr std::size_t size_bytes = std::size_t{256} * 1024;
    static_assert(size_bytes >= btrfs::max_nodesize);

    /// buffer: size_bytes long, the caller's.
    BlockBatch(MutableBytes buffer, u32 nodesize) : buffer_(buffer), nodesize_(nodesize) {}

    static constexpr std::size_t as_many_as_fit = ~std::size_t{0};
    /// Takes references from the walk until the batch is full, has most of them, or the walk ends.
    void gather(TreeWalk& walk, std::size_t most = as_many_as_fit);
    void read(const BlockReader& reader);

    std::size_t size() const { return promises_.size(); }
    const Promise& promise(std::size_t i) const { return promises_[i]; }
    /// After read().
    const ReadBlock& result(std::size_t i) const { return blocks_[i]; }
    /// Not proven; void where the result is lost.
    BlockView view(std::size_t i) const { return BlockView(buffer_.subspan(i * nodesize_, nodesize_)); }

private:
    MutableBytes buffer_;
    u32 nodesize_;
    std::vector<Promise> promises_;
    std::vector<ReadBlock> blocks_;
};

} // namespace btrkit

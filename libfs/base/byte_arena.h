// SPDX-License-Identifier: MIT
// Memory for many small things that are let go together.
#pragma once

#include "libfs/base/bytes.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace btrkit {

/// What was given out stays where it is, also when the arena is moved, for as long as there is one.
class ByteArena {
public:
    /// So many bytes, of no value yet.
    MutableBytes take(std::size_t size) {
        if (size > rest_.size()) {
            const std::size_t block_bytes = std::max(size, next_block_bytes_);
            rest_ = {blocks_.emplace_back(std::make_unique_for_overwrite<std::byte[]>(block_bytes)).get(), block_bytes};
            next_block_bytes_ = std::min(2 * next_block_bytes_, largest_block_bytes);
        }
        const auto taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }

private:
    static constexpr std::size_t first_block_bytes = 1024;
    static constexpr std::size_t largest_block_bytes = std::size_t{128} << 10;

    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    MutableBytes rest_; ///< of the last block
    std::size_t next_block_bytes_ = first_block_bytes;
};

} // namespace btrkit

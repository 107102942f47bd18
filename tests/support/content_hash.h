// SPDX-License-Identifier: MIT
// A hash of a file's content in which holes and zeros are the same, and huge holes cost nothing.
#pragma once

#include "libfs/base/bytes.h"

#include <memory>
#include <string>

struct XXH3_state_s;

namespace btrkit::test {

class ContentHash {
public:
    ContentHash();
    ~ContentHash();
    ContentHash(const ContentHash&) = delete;
    ContentHash& operator=(const ContentHash&) = delete;

    /// Bytes of a file: offsets ascend and are multiples of block_bytes, as is the length of all but the file's last
    /// ones. What is left out is zero.
    void add(u64 offset, Bytes bytes);
    std::string text() const;

    static constexpr u64 block_bytes = 512; ///< the smallest sector

private:
    XXH3_state_s* state_;
};

} // namespace btrkit::test

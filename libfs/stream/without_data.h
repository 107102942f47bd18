// SPDX-License-Identifier: MIT
// Streams without what they bring of file data, for who only wants to know what they are about.
#pragma once

#include "libfs/stream/stream_source.h"

#include <vector>

namespace btrkit {

/// A source of the same streams, but for the commands that bring data, most of whose bytes are not even read. Where
/// something is no stream, a Decoder finds the same there as in all of it.
class WithoutData {
public:
    explicit WithoutData(ByteSourceAt bytes) : bytes_(std::move(bytes)) {}

    /// As a ByteSource.
    Result<std::size_t> operator()(MutableBytes room);

private:
    Result<Bytes> peek(std::size_t count);
    Result<void> next_part();
    void skip(u64 count);

    ByteSourceAt bytes_;
    u64 offset_ = 0; ///< of what comes next
    std::vector<std::byte> ahead_;
    std::size_t ahead_begin_ = 0; ///< of ahead_: what stands at offset_
    u64 part_left_ = 0;           ///< so many bytes are handed out as they are
    bool at_stream_ = true;       ///< a stream begins next, not a command
};

} // namespace btrkit

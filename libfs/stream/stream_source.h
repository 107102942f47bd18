// SPDX-License-Identifier: MIT
// Where streams come from, for verbs that read several.
#pragma once

#include "libfs/stream/decoder.h"

#include <string>

namespace btrkit {

/// Fills bytes with what stands at an offset, and says how many; fewer only where the input ends.
using ByteSourceAt = std::function<Result<std::size_t>(u64 offset, MutableBytes bytes)>;

/// One file, or pipe, of streams.
struct StreamSource {
    std::string name;     ///< for what is said of it
    ByteSource source;    ///< its bytes; used up by who reads them
    u64 size_bytes = 0;   ///< for progress; 0: nobody knows
    ByteSourceAt at = {}; ///< the same bytes, as often as one likes; empty: they are read but once, from a pipe
};

} // namespace btrkit

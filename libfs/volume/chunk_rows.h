// SPDX-License-Identifier: MIT
// Rows of a chunk: 64 KiB of each stripe that holds distinct data. Where there is one such stripe they follow each
// other on its device like all else.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/volume/chunk_map.h"

namespace btrkit {

/// Logical bytes of a row.
inline u64 row_bytes(const Chunk& chunk) {
    return u64{btrfs::raid_stripe_length} * chunk.data_stripes();
}

/// All of the rows that have something of that range, which lies in the chunk. The last row may be short.
inline Range rows_around(const Chunk& chunk, Range range) {
    const u64 start = chunk.start.bytenr;
    return {start + round_down(range.start - start, row_bytes(chunk)),
            start + std::min(chunk.length, round_up(range.end - start, row_bytes(chunk)))};
}

} // namespace btrkit

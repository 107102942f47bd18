// SPDX-License-Identifier: MIT
// A chunk that is cut at its ends and stays where it is.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/volume/chunk_map.h"

namespace btrkit {

/// Bytes of a row of the chunk: a chunk can be cut between two rows.
inline u64 row_bytes(const Chunk& chunk) {
    return u64{btrfs::raid_stripe_length} * chunk.data_stripes();
}

/// The chunk that has these addresses of that one, each in the same places on the devices. part: whole rows of the
/// chunk, at least one; the last row of all may be short.
Chunk cut_chunk(const Chunk& chunk, Range part);

} // namespace btrkit

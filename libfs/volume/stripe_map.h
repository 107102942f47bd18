// SPDX-License-Identifier: MIT
// The RAID arithmetic, all of it: from a logical address and a mirror number to places on devices.
//
// Mirrors count from 1. single and raid0 have one; dup, raid1, raid1c3, raid1c4, raid10 as many as copies.
// raid5: 1 is the data itself, 2 its rebuilding from parity. raid6: 1 is the data itself, 2 its rebuilding with
// as few other stripes as possible lost, and 3 to num_stripes the rebuilding that takes, one by one, each other
// data stripe and then P for lost too: what is needed when a second stripe is rotten without anyone knowing.
#pragma once

#include "libfs/volume/chunk_map.h"

#include <optional>
#include <vector>

namespace btrkit {

/// How many mirrors each address of the chunk has; 0 for a remapped chunk without stripes.
unsigned mirror_count(const Chunk& chunk);

/// How many of the mirrors are stored, and not rebuilt: in raid5 and raid6 the data itself alone.
unsigned stored_copies(const Chunk& chunk);

/// Whether that mirror is not read but rebuilt from the other stripes of its row.
inline bool is_rebuilt(const Chunk& chunk, unsigned mirror) {
    return chunk.profile().parity > 0 && mirror > 1;
}

/// A run of bytes that one mirror has in one place.
struct StripeRun {
    u64 length = 0;    ///< bytes from the address asked for; never 0
    u32 stripe = 0;    ///< index into chunk.stripes
    Physical physical; ///< where the first byte is
};

/// Where the bytes from `at` on are: up to length bytes, cut at the end of the stripe and of the chunk.
/// Needs chunk.contains(at) and 1 <= mirror <= mirror_count(chunk). For raid5/6 the run is that of the data
/// itself, whatever the mirror.
StripeRun map_stripe(const Chunk& chunk, Logical at, u64 length, unsigned mirror);

/// What stands at a place of one stripe of a chunk: the way back from map_stripe().
struct StripeContent {
    enum class Part : u8 { data, p, q };
    Part part = Part::data;
    Logical at;          ///< of parity: of the first data stripe in its row
    unsigned mirror = 1; ///< of data
};
/// stripe: an index into chunk.stripes. Nothing where the chunk ends before that place.
std::optional<StripeContent> content_of_stripe(const Chunk& chunk, u32 stripe, u64 offset_in_stripe);

/// A full stripe of raid5 or raid6: which stripe of the chunk plays which part in the row of an address.
struct ParityRow {
    std::vector<u32> data;    ///< stripe index of each data position, in logical order
    u32 p = 0;                ///< stripe index of P
    std::optional<u32> q;     ///< stripe index of Q, raid6 only
    u32 position = 0;         ///< data position of the address
    u64 offset_in_stripe = 0; ///< bytes from the start of each stripe of the chunk to the address's place in the row
};
/// Needs a raid5 or raid6 chunk that contains at.
ParityRow parity_row(const Chunk& chunk, Logical at);

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/volume/cut_chunk.h"

#include <algorithm>
#include <cassert>

namespace btrkit {

Chunk cut_chunk(const Chunk& chunk, Range part) {
    const u64 skipped_bytes = part.start - chunk.start.bytenr;
    assert(skipped_bytes % row_bytes(chunk) == 0 && part.end <= chunk.start.bytenr + chunk.length);
    const u64 rows = skipped_bytes / row_bytes(chunk);
    Chunk cut = chunk;
    cut.start = {part.start};
    cut.length = part.length();
    if (chunk.profile().parity > 0) {
        // The parts of the stripes turn by one with each row, and the first row has them unturned.
        std::ranges::rotate(cut.stripes, cut.stripes.begin() + static_cast<std::ptrdiff_t>(rows % cut.stripes.size()));
    }
    for (auto& stripe : cut.stripes) {
        stripe.offset += rows * btrfs::raid_stripe_length;
    }
    return cut;
}

} // namespace btrkit

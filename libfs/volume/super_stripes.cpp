// SPDX-License-Identifier: MIT
#include "libfs/volume/super_stripes.h"

#include "formats/btrfs/superblock.h"
#include "libfs/volume/chunk_rows.h"

#include <algorithm>
#include <vector>

namespace btrkit {

namespace {

/// Where in the chunk the 64 KiB at `offset` of stripe number `index` belong. With parity: their row.
Range range_of_stripe_part(const Chunk& chunk, std::size_t index, u64 offset) {
    const auto& profile = chunk.profile();
    const u64 row = offset / btrfs::raid_stripe_length;
    const u64 row_start = chunk.start.bytenr + row * row_bytes(chunk);
    if (profile.parity > 0) {
        return range_from(row_start, row_bytes(chunk));
    }
    const u64 position = index / profile.copies;
    return range_from(row_start + position * btrfs::raid_stripe_length, btrfs::raid_stripe_length);
}

} // namespace

RangeSet super_stripes(const Chunk& chunk) {
    std::vector<Range> ranges;
    const u64 end = (chunk.start + chunk.length).bytenr;
    for (std::size_t index = 0; index < chunk.stripes.size(); ++index) {
        for (const u64 mirror : btrfs::superblock_offsets) {
            const u64 first = chunk.stripes[index].offset;
            if (mirror < first || mirror - first >= chunk.stripe_length_bytes()) {
                continue;
            }
            const Range range = range_of_stripe_part(chunk, index, mirror - first);
            ranges.push_back({range.start, std::min(range.end, end)});
        }
    }
    std::ranges::sort(ranges);
    RangeSet set;
    for (const Range range : ranges) {
        set.append(range);
    }
    return set;
}

} // namespace btrkit

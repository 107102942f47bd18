// SPDX-License-Identifier: MIT
#include "libfs/volume/super_stripes.h"

#include "formats/btrfs/superblock.h"

#include <algorithm>

namespace btrkit {

namespace {

/// Where in the chunk the 64 KiB at `offset` of stripe number `index` belong. With parity: their row.
LogicalRange range_of_stripe_part(const Chunk& chunk, std::size_t index, u64 offset) {
    const auto& profile = chunk.profile();
    const u64 row = offset / btrfs::raid_stripe_length;
    const u64 row_bytes = u64{chunk.data_stripes()} * btrfs::raid_stripe_length;
    if (profile.parity > 0) {
        return {chunk.start + row * row_bytes, row_bytes};
    }
    const u64 position = index / profile.copies;
    return {chunk.start + row * row_bytes + position * btrfs::raid_stripe_length, btrfs::raid_stripe_length};
}

} // namespace

std::vector<LogicalRange> super_stripes(const Chunk& chunk) {
    std::vector<LogicalRange> ranges;
    const Logical end = chunk.start + chunk.length;
    for (std::size_t index = 0; index < chunk.stripes.size(); ++index) {
        for (const u64 mirror : btrfs::superblock_offsets) {
            const u64 first = chunk.stripes[index].offset;
            if (mirror < first || mirror - first >= chunk.stripe_length_bytes()) {
                continue;
            }
            LogicalRange range = range_of_stripe_part(chunk, index, mirror - first);
            if (range.start < end) {
                range.length = std::min(range.length, end.bytenr - range.start.bytenr);
                ranges.push_back(range);
            }
        }
    }
    std::ranges::sort(ranges, {}, &LogicalRange::start);
    const auto [unneeded, last] = std::ranges::unique(ranges, {}, &LogicalRange::start);
    ranges.erase(unneeded, last);
    return ranges;
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
// The file that holds the old free space cache of one block group.
//
// Facts (kernel, free-space-cache.c; seen in images): pages of one sector. The first begins with the crc32c of each
// page (of itself: from behind these) and the generation; entries of 17 bytes follow, none across the end of a page.
// Behind the pages of entries stands a page for each entry that is a bitmap, in their order: a bit a sector, set where
// free.
#pragma once

#include "libfs/base/bytes.h"
#include "libfs/base/error.h"
#include "libfs/base/range_set.h"

#include <expected>

namespace btrkit::check {

/// What header and block group say about the file.
struct SpaceCacheFrame {
    u64 generation = 0;
    u64 entry_count = 0; ///< bitmaps included
    u64 bitmap_count = 0;
    Range group;
    u32 sectorsize = 0;
};

/// The free ranges, or why the kernel would not take the file.
std::expected<RangeSet, std::string> parse_space_cache(Bytes file, const SpaceCacheFrame& frame);

/// No cache file is longer: the checksums of its pages have to fit the first page. With large pages that is far more
/// than the kernel gives a block group of any size.
constexpr u64 most_space_cache_bytes(u32 sectorsize) {
    return std::min(u64{sectorsize} / sizeof(u32) * sectorsize, u64{64} << 20);
}

} // namespace btrkit::check

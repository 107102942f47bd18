// SPDX-License-Identifier: MIT
// When the free space of a group is told in bitmaps and when in extents: at the counts at which the kernel converts it,
// or each of the two would undo what the other has done.
#include "libfs/space/free_space_items.h"

#include <doctest/doctest.h>

namespace free_space_form_test {

using namespace btrkit;

namespace {

Chunk group_of(u64 bytes) {
    Chunk chunk;
    chunk.start = {gib};
    chunk.length = bytes;
    return chunk;
}

} // namespace

TEST_CASE("A group goes over to bitmaps above the kernel's high count, and back below its low one") {
    struct Expected {
        u64 group_bytes;
        u32 sectorsize;
        std::size_t high; ///< as set_free_space_tree_thresholds() in the kernel has it
        std::size_t low;
    };
    // So many extents as take the room of all bitmaps: 25 bytes each, against 25 and 256 of a bitmap of 2048 sectors.
    for (const auto& [group_bytes, sectorsize, high, low] : {
             Expected{.group_bytes = gib, .sectorsize = 4096, .high = 1438, .low = 1338},
             Expected{.group_bytes = 256 * mib, .sectorsize = 4096, .high = 359, .low = 259},
             Expected{.group_bytes = 256 * mib + 4096, .sectorsize = 4096, .high = 370, .low = 270},
             Expected{.group_bytes = 8 * mib, .sectorsize = 4096, .high = 11, .low = 0},
             Expected{.group_bytes = gib, .sectorsize = 65536, .high = 89, .low = 0},
         }) {
        CAPTURE(group_bytes);
        const Chunk group = group_of(group_bytes);
        CHECK_FALSE(wants_bitmaps(group, high, sectorsize, false));
        CHECK(wants_bitmaps(group, high + 1, sectorsize, false));
        CHECK(wants_bitmaps(group, low, sectorsize, true));
        if (low > 0) {
            CHECK_FALSE(wants_bitmaps(group, low - 1, sectorsize, true));
        }
    }
}

} // namespace free_space_form_test

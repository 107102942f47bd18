// SPDX-License-Identifier: MIT
// A chunk that is cut has every address where it was, parity too.
#include "libfs/volume/cut_chunk.h"
#include "libfs/volume/stripe_map.h"

#include <doctest/doctest.h>

namespace cut_chunk_test {

using namespace btrkit;

namespace {

constexpr u64 start = u64{1} << 30;
constexpr u64 rows = 12;

Chunk chunk_of(u64 profile, u32 stripes) {
    Chunk chunk{.start = {start},
                .length = 0,
                .type = btrfs::block_group_data | profile,
                .sub_stripes = profile == btrfs::block_group_raid10 ? 2U : 1U,
                .stripes = {}};
    for (u32 i = 0; i < stripes; ++i) {
        chunk.stripes.push_back({10 + i, (i + 1) * mib, {}});
    }
    chunk.length = rows * row_bytes(chunk);
    return chunk;
}

Physical place_of(const Chunk& chunk, u32 stripe, u64 offset_in_stripe) {
    return {chunk.stripes[stripe].devid, chunk.stripes[stripe].offset + offset_in_stripe};
}

void check_same_places(const Chunk& whole, const Chunk& cut) {
    for (u64 at = cut.start.bytenr; at < cut.start.bytenr + cut.length; at += 64 * kib) {
        for (unsigned mirror = 1; mirror <= stored_copies(whole); ++mirror) {
            CHECK(map_stripe(cut, {at}, 1, mirror).physical == map_stripe(whole, {at}, 1, mirror).physical);
        }
        if (whole.profile().parity > 0) {
            const auto before = parity_row(whole, {at});
            const auto now = parity_row(cut, {at});
            CHECK(place_of(whole, before.p, before.offset_in_stripe) == place_of(cut, now.p, now.offset_in_stripe));
            if (before.q) {
                CHECK(place_of(whole, *before.q, before.offset_in_stripe) ==
                      place_of(cut, *now.q, now.offset_in_stripe));
            }
        }
    }
}

} // namespace

TEST_CASE("a chunk is cut at any rows, whatever its profile") {
    for (const auto& [profile, stripes] : {std::pair<u64, u32>{0, 1},
                                           {btrfs::block_group_dup, 2},
                                           {btrfs::block_group_raid0, 3},
                                           {btrfs::block_group_raid1c3, 3},
                                           {btrfs::block_group_raid10, 6},
                                           {btrfs::block_group_raid5, 3},
                                           {btrfs::block_group_raid6, 5}}) {
        const Chunk whole = chunk_of(profile, stripes);
        CAPTURE(whole.profile().name);
        for (u64 first = 0; first < rows; ++first) {
            for (u64 end = first + 1; end <= rows; ++end) {
                const Range part = {start + first * row_bytes(whole), start + end * row_bytes(whole)};
                const Chunk cut = cut_chunk(whole, part);
                CHECK(cut.start.bytenr == part.start);
                CHECK(cut.length == part.length());
                check_same_places(whole, cut);
            }
        }
    }
}

} // namespace cut_chunk_test

// SPDX-License-Identifier: MIT
// What a new block group gives out, and what it keeps back.
#include "libfs/space/block_group_space.h"

#include <doctest/doctest.h>

#include <random>

namespace block_group_space_test {

using namespace btrkit;

namespace {

constexpr u64 kib = 1024;
constexpr u64 mib = 1024 * kib;

/// A single chunk that lies on its device where it lies in the filesystem's space.
Chunk single_chunk(u64 start, u64 length) {
    return {.start = {start},
            .length = length,
            .type = btrfs::block_group_data,
            .sub_stripes = 1,
            .stripes = {{.devid = 1, .offset = start, .dev_uuid = {}}}};
}

std::vector<Range> free_in(const BlockGroupSpace& space) {
    const auto free = space.free_ranges();
    return {free.ranges().begin(), free.ranges().end()};
}

} // namespace

TEST_CASE("bytes are given out from the start, never where a superblock mirror lies") {
    BlockGroupSpace space(single_chunk(60 * mib, 8 * mib));
    CHECK(space.left_bytes() == 8 * mib - 64 * kib);
    CHECK(space.take_up_to(6 * mib) == range_from(60 * mib, 4 * mib));
    CHECK(space.take_up_to(2 * mib) == range_from(64 * mib + 64 * kib, 2 * mib));
    CHECK(space.used_bytes() == 6 * mib);
    CHECK(space.left_bytes() == 2 * mib - 64 * kib);
    CHECK(free_in(space) == std::vector{range_from(66 * mib + 64 * kib, 2 * mib - 64 * kib)});
}

TEST_CASE("what is taken in one piece leaves free what was too short for it") {
    BlockGroupSpace space(single_chunk(63 * mib, 3 * mib));
    CHECK(space.take(768 * kib) == Logical{63 * mib});
    CHECK(space.take(512 * kib) == Logical{64 * mib + 64 * kib});
    CHECK(free_in(space) == std::vector{range_from(63 * mib + 768 * kib, 256 * kib),
                                        range_from(64 * mib + 576 * kib, 2 * mib - 576 * kib)});
    CHECK_FALSE(space.take(2 * mib));
    CHECK_FALSE(space.take_up_to(4 * kib));
    CHECK(space.used_bytes() == 1280 * kib);
    CHECK(space.free_ranges().length() == 3 * mib - 64 * kib - 1280 * kib);
}

TEST_CASE("used and free and superblock stripes are the whole group, whatever is taken") {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        const u64 start = 64 * mib - random() % 32 * 64 * kib;
        const Chunk chunk = single_chunk(start, (1 + random() % 64) * 64 * kib);
        BlockGroupSpace space(chunk);
        u64 taken = 0;
        for (int i = 0; i < 40; ++i) {
            const u64 bytes = (1 + random() % 40) * 4 * kib;
            if (random() % 2 == 0) {
                taken += space.take(bytes) ? bytes : 0;
            } else if (const auto range = space.take_up_to(bytes)) {
                taken += range->length();
            }
        }
        CHECK(space.used_bytes() == taken);
        CHECK(taken + space.free_ranges().length() + super_stripes(chunk).length() == chunk.length);
    }
}

TEST_CASE("a pool goes from group to group, and forgets those at its end that were not needed") {
    SpacePool pool({BlockGroupSpace(single_chunk(1 * mib, 1 * mib)), BlockGroupSpace(single_chunk(2 * mib, 1 * mib)),
                    BlockGroupSpace(single_chunk(3 * mib, 1 * mib))});
    CHECK(pool.take(768 * kib) == Logical{1 * mib});
    CHECK(pool.take(512 * kib) == Logical{2 * mib});
    CHECK(pool.is_group_start({2 * mib}));
    CHECK_FALSE(pool.is_group_start({2 * mib + 4 * kib}));
    CHECK(pool.used_bytes() == 1280 * kib);
    CHECK(pool.left_bytes() == 512 * kib + 1 * mib);
    pool.drop_unused(1);
    CHECK(pool.groups().size() == 2);
    CHECK_FALSE(pool.take(1 * mib));
}

} // namespace block_group_space_test

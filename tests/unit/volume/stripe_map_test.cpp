// SPDX-License-Identifier: MIT
// Where addresses are: worked by hand for each profile.
#include "libfs/volume/stripe_map.h"

#include <doctest/doctest.h>

namespace stripe_map_test {

using namespace btrkit;
using namespace btrfs;

namespace {

constexpr btrkit::u64 stripe_bytes = 64 * kib;
constexpr btrkit::u64 start = btrkit::u64{1} << 30;

/// Stripe i lies on device 10 + i, at i + 1 MiB.
Chunk chunk_of(btrkit::u64 profile, btrkit::u32 stripes, btrkit::u64 length) {
    Chunk chunk{
        .start = {start}, .length = length, .type = block_group_data | profile, .sub_stripes = 1, .stripes = {}};
    for (btrkit::u32 i = 0; i < stripes; ++i) {
        chunk.stripes.push_back({10 + i, (i + 1) * 1024 * kib, {}});
    }
    return chunk;
}

struct Expected {
    btrkit::u64 offset; ///< of the address in the chunk
    unsigned mirror;
    btrkit::u32 stripe;
    btrkit::u64 offset_in_stripe;
    btrkit::u64 length; ///< of the run, if very much is asked for
};

void check_all(const Chunk& chunk, const std::vector<Expected>& all) {
    for (const auto& expected : all) {
        CAPTURE(expected.offset);
        CAPTURE(expected.mirror);
        const auto run = map_stripe(chunk, {start + expected.offset}, ~btrkit::u64{0}, expected.mirror);
        CHECK(run.stripe == expected.stripe);
        CHECK(run.physical.devid == 10 + expected.stripe);
        CHECK(run.physical.offset == (expected.stripe + 1) * 1024 * kib + expected.offset_in_stripe);
        CHECK(run.length == expected.length);
        CHECK(map_stripe(chunk, {start + expected.offset}, 1, expected.mirror).length == 1);
        const auto back = content_of_stripe(chunk, expected.stripe, expected.offset_in_stripe);
        REQUIRE(back);
        CHECK(back->part == StripeContent::Part::data);
        CHECK(back->at.bytenr == start + expected.offset);
        CHECK(back->mirror == (chunk.profile().parity > 0 ? 1 : expected.mirror));
    }
}

} // namespace

TEST_CASE("single and copies run to the end of the chunk") {
    const auto single = chunk_of(0, 1, 512 * kib);
    CHECK(mirror_count(single) == 1);
    check_all(
        single,
        {{0, 1, 0, 0, 512 * kib}, {100 * kib, 1, 0, 100 * kib, 412 * kib}, {512 * kib - 1, 1, 0, 512 * kib - 1, 1}});
    const auto dup = chunk_of(block_group_dup, 2, 512 * kib);
    CHECK(mirror_count(dup) == 2);
    check_all(dup, {{70 * kib, 1, 0, 70 * kib, 442 * kib}, {70 * kib, 2, 1, 70 * kib, 442 * kib}});
    const auto raid1c4 = chunk_of(block_group_raid1c4, 4, 512 * kib);
    CHECK(mirror_count(raid1c4) == 4);
    check_all(raid1c4, {{70 * kib, 1, 0, 70 * kib, 442 * kib}, {70 * kib, 4, 3, 70 * kib, 442 * kib}});
}

TEST_CASE("raid0 takes the stripes in turn") {
    const auto chunk = chunk_of(block_group_raid0, 3, 6 * stripe_bytes + 8 * kib);
    CHECK(mirror_count(chunk) == 1);
    check_all(chunk, {{0, 1, 0, 0, stripe_bytes},
                      {stripe_bytes, 1, 1, 0, stripe_bytes},
                      {3 * stripe_bytes - 1, 1, 2, stripe_bytes - 1, 1},
                      {4 * stripe_bytes + 5, 1, 1, stripe_bytes + 5, stripe_bytes - 5},
                      {6 * stripe_bytes, 1, 0, 2 * stripe_bytes, 8 * kib}});
    check_all(chunk_of(block_group_raid0, 1, 512 * kib), {{70 * kib, 1, 0, 70 * kib, 442 * kib}});
}

TEST_CASE("raid10 takes pairs in turn") {
    const auto chunk = chunk_of(block_group_raid10, 4, 8 * stripe_bytes);
    CHECK(mirror_count(chunk) == 2);
    check_all(chunk, {{0, 1, 0, 0, stripe_bytes},
                      {0, 2, 1, 0, stripe_bytes},
                      {stripe_bytes + 1, 1, 2, 1, stripe_bytes - 1},
                      {stripe_bytes + 1, 2, 3, 1, stripe_bytes - 1},
                      {2 * stripe_bytes, 2, 1, stripe_bytes, stripe_bytes}});
}

TEST_CASE("raid5 turns with each row") {
    const auto chunk = chunk_of(block_group_raid5, 3, 12 * stripe_bytes);
    CHECK(mirror_count(chunk) == 2);
    CHECK_FALSE(is_rebuilt(chunk, 1));
    CHECK(is_rebuilt(chunk, 2));
    check_all(chunk, {{0, 1, 0, 0, stripe_bytes},
                      {stripe_bytes, 1, 1, 0, stripe_bytes},
                      {2 * stripe_bytes, 1, 1, stripe_bytes, stripe_bytes},
                      {3 * stripe_bytes, 1, 2, stripe_bytes, stripe_bytes},
                      {4 * stripe_bytes + 7, 1, 2, 2 * stripe_bytes + 7, stripe_bytes - 7},
                      {5 * stripe_bytes, 2, 0, 2 * stripe_bytes, stripe_bytes}});
    const auto row = parity_row(chunk, {start + 5 * stripe_bytes + 9});
    CHECK(row.data == std::vector<btrkit::u32>{2, 0});
    CHECK(row.p == 1);
    CHECK_FALSE(row.q);
    CHECK(row.position == 1);
    CHECK(row.offset_in_stripe == 2 * stripe_bytes + 9);
}

TEST_CASE("raid6 has P and Q behind the data") {
    const auto chunk = chunk_of(block_group_raid6, 5, 12 * stripe_bytes);
    CHECK(mirror_count(chunk) == 5);
    check_all(chunk, {{2 * stripe_bytes, 1, 2, 0, stripe_bytes}, {5 * stripe_bytes, 4, 3, stripe_bytes, stripe_bytes}});
    auto row = parity_row(chunk, {start});
    CHECK(row.data == std::vector<btrkit::u32>{0, 1, 2});
    CHECK(row.p == 3);
    CHECK(row.q == 4);
    row = parity_row(chunk, {start + 9 * stripe_bytes + 1});
    CHECK(row.data == std::vector<btrkit::u32>{3, 4, 0});
    CHECK(row.p == 1);
    CHECK(row.q == 2);
    CHECK(row.position == 0);
    CHECK(row.offset_in_stripe == 3 * stripe_bytes + 1);
}

TEST_CASE("a remapped chunk without stripes has no mirrors") {
    CHECK(mirror_count(chunk_of(block_group_remapped, 0, 512 * kib)) == 0);
}

TEST_CASE("the last byte of the largest chunk is found") {
    auto chunk = chunk_of(block_group_raid0, 2, ~btrkit::u64{0} - start);
    const auto run = map_stripe(chunk, {~btrkit::u64{0} - 1}, ~btrkit::u64{0}, 1);
    CHECK(run.length == 1);
}

TEST_CASE("the way back from stripes: parity of which row, and nothing behind the end of the chunk") {
    const auto raid6 = chunk_of(block_group_raid6, 4, 4 * stripe_bytes);
    for (const btrkit::u64 row : {0, 1}) {
        const auto expected = parity_row(raid6, {start + row * 2 * stripe_bytes});
        const auto p = content_of_stripe(raid6, expected.p, row * stripe_bytes + 7);
        REQUIRE(p);
        CHECK(p->part == StripeContent::Part::p);
        CHECK(p->at.bytenr == start + row * 2 * stripe_bytes + 7);
        const auto q = content_of_stripe(raid6, expected.q.value(), row * stripe_bytes);
        REQUIRE(q);
        CHECK(q->part == StripeContent::Part::q);
    }
    CHECK_FALSE(content_of_stripe(raid6, 0, 2 * stripe_bytes));
    CHECK_FALSE(content_of_stripe(raid6, 4, 0));
    CHECK_FALSE(content_of_stripe(raid6, 0, ~btrkit::u64{0}));
    // The last row of raid0 need not be full.
    const auto raid0 = chunk_of(block_group_raid0, 3, 4 * stripe_bytes);
    CHECK(content_of_stripe(raid0, 0, stripe_bytes));
    CHECK_FALSE(content_of_stripe(raid0, 1, stripe_bytes));
}

} // namespace stripe_map_test

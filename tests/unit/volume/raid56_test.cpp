// SPDX-License-Identifier: MIT
// Rebuilding from parity: every pair of losses, against parity computed bit by bit.
#include "libfs/volume/raid56.h"

#include <random>

#include <doctest/doctest.h>

namespace raid56_test {

using namespace btrkit;

namespace {

using Stripe = std::vector<std::byte>;

unsigned doubled(unsigned value) {
    return (value << 1) ^ ((value & 0x80) != 0 ? 0x11d : 0);
}

/// Data, P, Q; Q by Horner's rule.
std::vector<Stripe> make_row(unsigned data_count, std::size_t length, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<Stripe> row(data_count + 2, Stripe(length));
    for (std::size_t at = 0; at < length; ++at) {
        unsigned p = 0;
        unsigned q = 0;
        for (unsigned i = data_count; i-- > 0;) {
            const unsigned value = random() & 0xff;
            row[i][at] = static_cast<std::byte>(value);
            p ^= value;
            q = doubled(q) ^ value;
        }
        row[data_count][at] = static_cast<std::byte>(p);
        row[data_count + 1][at] = static_cast<std::byte>(q);
    }
    return row;
}

RaidRow without(const std::vector<Stripe>& row, unsigned entries, std::initializer_list<unsigned> lost) {
    RaidRow left;
    for (unsigned i = 0; i < entries; ++i) {
        const bool is_lost = std::ranges::find(lost, i) != lost.end();
        left.push_back(is_lost ? std::nullopt : std::optional<Bytes>(row[i]));
    }
    return left;
}

} // namespace

TEST_CASE("raid6 gives back any data with any two stripes lost") {
    for (unsigned data_count = 1; data_count <= 8; ++data_count) {
        const auto row = make_row(data_count, 1000, data_count);
        const unsigned entries = data_count + 2;
        for (unsigned wanted = 0; wanted < data_count; ++wanted) {
            for (unsigned other = 0; other < entries; ++other) {
                CAPTURE(data_count);
                CAPTURE(wanted);
                CAPTURE(other);
                Stripe out(1000);
                REQUIRE(rebuild_data(without(row, entries, {wanted, other}), data_count, wanted, out));
                CHECK(out == row[wanted]);
            }
        }
    }
}

TEST_CASE("raid5 gives back any data with one stripe lost, and no more") {
    for (unsigned data_count = 1; data_count <= 8; ++data_count) {
        const auto row = make_row(data_count, 333, data_count);
        for (unsigned wanted = 0; wanted < data_count; ++wanted) {
            Stripe out(333);
            REQUIRE(rebuild_data(without(row, data_count + 1, {wanted}), data_count, wanted, out));
            CHECK(out == row[wanted]);
            for (unsigned other = 0; other <= data_count; ++other) {
                Stripe untouched(333, std::byte{7});
                const bool done =
                    rebuild_data(without(row, data_count + 1, {wanted, other}), data_count, wanted, untouched);
                CHECK(done == (other == wanted));
                CHECK((done || untouched == Stripe(333, std::byte{7})));
            }
        }
    }
}

TEST_CASE("three lost stripes are too many") {
    const auto row = make_row(4, 64, 1);
    Stripe out(64);
    CHECK_FALSE(rebuild_data(without(row, 6, {0, 1, 2}), 4, 0, out));
    CHECK_FALSE(rebuild_data(without(row, 6, {0, 1, 4}), 4, 0, out));
    CHECK_FALSE(rebuild_data(without(row, 6, {0, 1, 5}), 4, 0, out));
    CHECK_FALSE(rebuild_data(without(row, 6, {0, 4, 5}), 4, 0, out));
}

TEST_CASE("what stands at the wanted place is not looked at") {
    auto row = make_row(3, 64, 2);
    const auto right = row[1];
    row[1].assign(64, std::byte{0x55});
    Stripe out(64);
    REQUIRE(rebuild_data(without(row, 5, {}), 3, 1, out));
    CHECK(out == right);
    REQUIRE(rebuild_data(without(row, 5, {3}), 3, 1, out));
    CHECK(out == right);
    REQUIRE(rebuild_data(without(row, 5, {0}), 3, 1, out));
    CHECK(out == right);
}

TEST_CASE("any length will do") {
    for (const std::size_t length : {0, 1, 7, 15, 16, 17, 31, 32, 33, 63, 65, 4096, 65536}) {
        CAPTURE(length);
        const auto row = make_row(5, length, 3);
        for (const unsigned other : {3U, 5U, 6U}) {
            Stripe out(length);
            REQUIRE(rebuild_data(without(row, 7, {2, other}), 5, 2, out));
            CHECK(out == row[2]);
        }
    }
}

TEST_CASE("the widest row works, and wider ones fail instead of lying") {
    const auto row = make_row(255, 100, 4);
    Stripe out(100);
    REQUIRE(rebuild_data(without(row, 257, {0, 254}), 255, 0, out));
    CHECK(out == row[0]);
    REQUIRE(rebuild_data(without(row, 257, {254, 255}), 255, 254, out));
    CHECK(out == row[254]);
    const auto wider = make_row(256, 100, 5);
    CHECK_FALSE(rebuild_data(without(wider, 258, {0, 255}), 256, 0, out));
}

} // namespace raid56_test

// SPDX-License-Identifier: MIT
// Ranges of addresses, and bits far apart.
#include "libfs/base/range_set.h"
#include "libfs/base/sparse_bits.h"

#include <array>
#include <random>

#include <doctest/doctest.h>

namespace range_set_test {

using namespace btrkit;

namespace {

RangeSet ranges(std::initializer_list<Range> list) {
    RangeSet set;
    for (const Range range : list) {
        set.append(range);
    }
    return set;
}

/// The plain model: a bit for each address below a small limit.
class Bits {
public:
    static constexpr u64 limit = 64;

    void put(Range range, bool value) {
        for (u64 at = range.start; at < range.end; ++at) {
            bits_[at] = value;
        }
    }
    bool test(u64 at) const { return at < limit && bits_[at]; }
    /// The first run of that value from an address on, below the end.
    std::optional<Range> first_run(u64 from, u64 end, bool value) const {
        while (from < end && test(from) != value) {
            ++from;
        }
        u64 behind = from;
        while (behind < end && test(behind) == value) {
            ++behind;
        }
        return from < end ? std::optional<Range>({from, behind}) : std::nullopt;
    }
    RangeSet set(Range window = {0, limit}) const {
        RangeSet result;
        for (u64 at = window.start; at < window.end; ++at) {
            if (test(at)) {
                result.append({at, at + 1});
            }
        }
        return result;
    }
    template <class Op>
    static Bits joined(const Bits& a, const Bits& b, Op op) {
        Bits result;
        for (u64 at = 0; at < limit; ++at) {
            result.bits_[at] = op(a.bits_[at], b.bits_[at]);
        }
        return result;
    }

private:
    std::array<bool, limit> bits_{};
};

Range random_range(std::mt19937& random) {
    const u64 start = random() % (Bits::limit - 1);
    return {start, start + random() % std::min<u64>(12, Bits::limit - start)};
}

void change(RangeSet& set, Bits& bits, std::mt19937& random) {
    const Range range = random_range(random);
    const bool value = random() % 2 == 0;
    value ? set.insert(range) : set.erase(range);
    bits.put(range, value);
}

void compare(const RangeSet& set, const Bits& bits, Range window) {
    const auto expected = bits.set();
    REQUIRE(std::ranges::equal(set.ranges(), expected.ranges()));
    const u64 in_window = bits.set(window).total_bytes();
    REQUIRE(set.within(window) == bits.set(window));
    REQUIRE(set.contains(window.start) == bits.test(window.start));
    REQUIRE(set.first_from(window.start) == bits.first_run(window.start, Bits::limit, true));
    REQUIRE(set.first_gap(window) == bits.first_run(window.start, window.end, false));
    if (window.start < window.end) {
        REQUIRE(set.intersects(window) == (in_window != 0));
        REQUIRE(set.covers(window) == (in_window == window.length()));
    }
}

} // namespace

TEST_CASE("ranges that touch or overlap are one") {
    CHECK(ranges({{0, 10}, {10, 20}, {15, 18}, {30, 30}, {40, 50}}) == ranges({{0, 20}, {40, 50}}));
}

TEST_CASE("difference of ranges") {
    const auto from = ranges({{0, 100}, {200, 300}});
    CHECK(difference(from, ranges({})) == from);
    CHECK(difference(from, ranges({{0, 300}})) == ranges({}));
    CHECK(difference(from, ranges({{10, 20}, {90, 210}, {299, 400}})) == ranges({{0, 10}, {20, 90}, {210, 299}}));
}

TEST_CASE("ranges are found by what touches them") {
    const auto set = ranges({{10, 20}, {30, 40}});
    CHECK_FALSE(set.intersects({20, 30}));
    CHECK(set.intersects({19, 20}));
    CHECK(set.covers({30, 40}));
    CHECK_FALSE(set.covers({15, 35}));
    CHECK(set.touching({0, 100}).size() == 2);
}

TEST_CASE("whatever is inserted and erased, and asked, is what a bit for each address says") {
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
        RangeSet set;
        RangeSet other;
        Bits bits;
        Bits other_bits;
        for (int step = 0; step < 40; ++step) {
            change(set, bits, random);
            change(other, other_bits, random);
            compare(set, bits, random_range(random));
            CHECK(difference(set, other) ==
                  Bits::joined(bits, other_bits, [](bool a, bool b) { return a && !b; }).set());
            CHECK(united(set, other) == Bits::joined(bits, other_bits, [](bool a, bool b) { return a || b; }).set());
        }
    }
}

TEST_CASE("ranges at the end of all addresses") {
    RangeSet set;
    set.insert({~u64{0} - 10, ~u64{0}});
    CHECK(set.contains(~u64{0} - 1));
    CHECK_FALSE(set.contains(~u64{0}));
    CHECK_FALSE(set.first_from(~u64{0}));
    CHECK_FALSE(set.first_gap({~u64{0} - 5, ~u64{0}}));
    set.erase({~u64{0} - 5, ~u64{0}});
    CHECK(set == ranges({{~u64{0} - 10, ~u64{0} - 5}}));
}

TEST_CASE("bits far apart") {
    SparseBits bits;
    SparseBits others;
    for (const u64 number : {u64{5}, u64{4096}, ~u64{0}}) {
        CHECK_FALSE(bits.test(number));
        CHECK_FALSE(bits.set(number));
        CHECK(bits.set(number));
        CHECK(bits.test(number));
    }
    others.set(4096);
    std::vector<u64> found;
    bits.for_each_not_in(others, [&](u64 number) { found.push_back(number); });
    CHECK(found == std::vector<u64>{5, ~u64{0}});
}

} // namespace range_set_test

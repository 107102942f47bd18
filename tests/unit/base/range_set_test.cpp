// SPDX-License-Identifier: MIT
// Ranges of addresses, and bits far apart.
#include "libfs/base/range_set.h"
#include "libfs/base/sparse_bits.h"

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

bool same(const RangeSet& a, const RangeSet& b) {
    return std::ranges::equal(a.ranges(), b.ranges());
}

} // namespace

TEST_CASE("ranges that touch or overlap are one") {
    CHECK(same(ranges({{0, 10}, {10, 20}, {15, 18}, {30, 30}, {40, 50}}), ranges({{0, 20}, {40, 50}})));
}

TEST_CASE("difference of ranges") {
    const auto from = ranges({{0, 100}, {200, 300}});
    CHECK(same(difference(from, ranges({})), from));
    CHECK(same(difference(from, ranges({{0, 300}})), ranges({})));
    CHECK(same(difference(from, ranges({{10, 20}, {90, 210}, {299, 400}})), ranges({{0, 10}, {20, 90}, {210, 299}})));
}

TEST_CASE("ranges are found by what touches them") {
    const auto set = ranges({{10, 20}, {30, 40}});
    CHECK_FALSE(set.intersects({20, 30}));
    CHECK(set.intersects({19, 20}));
    CHECK(set.covers({30, 40}));
    CHECK_FALSE(set.covers({15, 35}));
    CHECK(set.touching({0, 100}).size() == 2);
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

// SPDX-License-Identifier: MIT
// The small tools of check: ranges, bits, sums of references and of names, the list of findings.
#include "libfs/ops/check/files/name_records.h"
#include "libfs/ops/check/findings.h"
#include "libfs/ops/check/range_set.h"
#include "libfs/ops/check/references.h"
#include "libfs/ops/check/sparse_bits.h"

#include <doctest/doctest.h>

using namespace btrkit;
using namespace btrkit::check;

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

TEST_CASE("references cancel out in any order, and only if all are the same") {
    const std::vector<Reference> all = {
        {.kind = Reference::Kind::data, .bytenr = 4096, .length_bytes = 8192, .owner = 5, .inode = 257, .offset = 0},
        {.kind = Reference::Kind::shared_data, .bytenr = 4096, .length_bytes = 8192, .owner = 65536},
        {.kind = Reference::Kind::tree_block, .bytenr = 16384, .length_bytes = 4096, .owner = 5}};
    ReferenceSums sums(7);
    for (const auto& reference : all) {
        sums.hold(reference, nullptr, 0);
        sums.hold(reference, nullptr, 0);
    }
    CHECK(sums.unbalanced().size() == 2);
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
        sums.record(*it, 2);
    }
    CHECK(sums.unbalanced().empty());
    Reference other = all[0];
    other.offset = 4096;
    sums.hold(all[0], nullptr, 0);
    sums.record(other, 1);
    CHECK(sums.unbalanced() == std::vector{ReferenceSums::bucket_of(4096)});
}

TEST_CASE("a name's three forms cancel out; forms of different names don't") {
    const auto name = [](std::string_view text) { return std::as_bytes(std::span(text)); };
    const auto sum_of = [&](u64 index_in_ref, std::string_view name_in_index) {
        Sum128 sum;
        sum += name_sum({.form = NameRecord::Form::dir_item, .parent = 256, .child = 300, .name = name("a")}, 9);
        sum += name_sum(
            {.form = NameRecord::Form::dir_index, .parent = 256, .child = 300, .index = 2, .name = name(name_in_index)},
            9);
        sum += name_sum({.form = NameRecord::Form::inode_ref,
                         .parent = 256,
                         .child = 300,
                         .index = index_in_ref,
                         .name = name("a")},
                        9);
        return sum;
    };
    CHECK(sum_of(2, "a").is_zero());
    CHECK_FALSE(sum_of(3, "a").is_zero());
    CHECK_FALSE(sum_of(2, "b").is_zero());
}

TEST_CASE("findings are kept once and never without bound") {
    Findings findings;
    for (u64 i = 0; i < 2 * Findings::kept_of_each_code; ++i) {
        const Problem problem{.code = ProblemCode::inode_bytes, .place = {.inode = i}, .detail = {}};
        findings.add(problem);
        findings.add(problem);
    }
    CHECK(findings.all().size() == Findings::kept_of_each_code);
    CHECK(findings.any(ProblemCode::inode_bytes));
    CHECK_FALSE(findings.any(ProblemCode::inode_links));
    CHECK(findings.count(Severity::error) == findings.count(ProblemCode::inode_bytes));
}

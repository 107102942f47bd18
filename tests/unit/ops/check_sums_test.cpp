// SPDX-License-Identifier: MIT
// Sums of names.
#include "libfs/ops/check/files/name_records.h"

#include <doctest/doctest.h>

namespace check_sums_test {

using namespace btrkit;
using namespace btrkit::check;

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

} // namespace check_sums_test

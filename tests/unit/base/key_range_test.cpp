// SPDX-License-Identifier: MIT
#include "libfs/base/key_range.h"

#include <doctest/doctest.h>

namespace key_range_test {

using namespace btrkit;
using btrfs::Key;

constexpr Key low{5, 1, 0};
constexpr Key middle{5, 1, 7};
constexpr Key high{6, 255, ~btrfs::u64{0}};

TEST_CASE("a range of keys has its first key and not its end") {
    const KeyRange keys{low, middle};
    CHECK(keys.contains(low));
    CHECK(keys.contains({5, 1, 6}));
    CHECK_FALSE(keys.contains(middle));
    CHECK_FALSE(keys.contains({5, 0, 0}));
    CHECK(keys.ends_before(middle));
    CHECK_FALSE(keys.ends_before({5, 1, 6}));
    CHECK_FALSE(keys.is_empty());
    CHECK(KeyRange{middle, middle}.is_empty());
}

TEST_CASE("a range through a key has that key") {
    CHECK(KeyRange::through(low, low).contains(low));
    CHECK(KeyRange::through(low, high).contains(high));
    CHECK_FALSE(KeyRange::through(low, high).contains({7, 0, 0}));
    CHECK(KeyRange::through(middle, low).is_empty());
    CHECK(KeyRange::through(Key::min(), Key::max()).is_everything());
    CHECK(KeyRange::through(Key::max(), Key::max()).contains(Key::max()));
    CHECK_FALSE(KeyRange::through(low, Key::max()).is_everything());
    CHECK(KeyRange::items_of(5, 1) == KeyRange{low, Key{5, 2, 0}});
}

TEST_CASE("the intersection of two ranges ends where the first of them does") {
    const KeyRange everything;
    CHECK(intersection(everything, everything).is_everything());
    CHECK(intersection(everything, {low, high}) == KeyRange{low, high});
    CHECK(intersection({low, high}, everything) == KeyRange{low, high});
    CHECK(intersection({low, high}, {middle, std::nullopt}) == KeyRange{middle, high});
    CHECK(intersection({Key::min(), middle}, {low, high}) == KeyRange{low, middle});
    CHECK(intersection({low, middle}, {high, std::nullopt}).is_empty());
}

} // namespace key_range_test

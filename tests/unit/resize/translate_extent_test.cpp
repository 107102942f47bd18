// SPDX-License-Identifier: MIT
// What the extent tree says of extents after moves.
#include "libfs/relocate/moved_extents.h"

#include <doctest/doctest.h>

namespace translate_extent_test {

using namespace btrkit;

namespace {

constexpr u64 sector = 4096;

ExtentRef in_full(u64 parent) {
    return {.type = btrfs::item_type::shared_data_ref, .parent = parent, .count = 1};
}

ExtentRecord data_at(u64 bytenr, std::vector<ExtentRef> refs) {
    return {.bytenr = bytenr,
            .length_bytes = sector,
            .generation = 7,
            .flags = btrfs::extent_flag_data,
            .level = 0,
            .first_key = {},
            .refs = std::move(refs)};
}

std::optional<u64> nowhere(u64 /*block*/) {
    return std::nullopt;
}

} // namespace

TEST_CASE("an extent that moves has another address and the same references") {
    AddressMap data;
    data.append({10 * sector, 12 * sector}, 50 * sector);
    auto moved = data_at(11 * sector, {in_full(3 * sector)});
    CHECK(translate_extent(moved, data, nowhere));
    CHECK(moved == data_at(51 * sector, {in_full(3 * sector)}));
    auto other = data_at(12 * sector, {in_full(3 * sector)});
    CHECK(!translate_extent(other, data, nowhere));
    CHECK(other == data_at(12 * sector, {in_full(3 * sector)}));
}

TEST_CASE("references in full follow their blocks, and stand in order again") {
    auto record = data_at(10 * sector, {in_full(9 * sector), in_full(6 * sector), in_full(3 * sector)});
    CHECK(translate_extent(record, {},
                           [](u64 block) { return block == 3 * sector ? std::optional(20 * sector) : std::nullopt; }));
    CHECK(record == data_at(10 * sector, {in_full(20 * sector), in_full(9 * sector), in_full(6 * sector)}));
}

TEST_CASE("addresses in a map: stretches that go on are one, unless they must not be") {
    AddressMap map;
    map.append({10, 20}, 100);
    map.append({20, 30}, 110);
    map.append({30, 40}, 120, false);
    map.append({50, 60}, 140);
    CHECK(map.moves().size() == 3);
    CHECK(map.total_bytes() == 40);
    CHECK(map.find(9) == std::nullopt);
    CHECK(map.find(10) == 100);
    CHECK(map.find(29) == 119);
    CHECK(map.find(39) == 129);
    CHECK(map.find(40) == std::nullopt);
    CHECK(map.find(59) == 149);
    CHECK(map.find(60) == std::nullopt);
}

} // namespace translate_extent_test

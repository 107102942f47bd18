// SPDX-License-Identifier: MIT
// Items of the checksum tree that overlap, and checksums of nothing.
#include "formats/btrfs/item_types.h"
#include "libfs/tree/csum_key.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace repair_csums_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Items = RepairBench::Items;

constexpr u64 sectorsize = 4096;
constexpr u64 csum_bytes = 4;

/// All checksums, one sector after the other.
std::map<u64, std::vector<std::byte>> sums_of(const Items& items) {
    std::map<u64, std::vector<std::byte>> sums;
    for (const auto& item : items) {
        for (u64 at = 0; at < item.data.size(); at += csum_bytes) {
            CHECK(sums.emplace(item.key.offset + at / csum_bytes * sectorsize,
                               copy_of(Bytes(item.data).subspan(at, csum_bytes)))
                      .second);
        }
    }
    return sums;
}

/// A second item for the sums from that one on, as many; the first item keeps them too.
LeafItem part_of(const LeafItem& item, u64 first, u64 count) {
    return {csum_key(item.key.offset + first * sectorsize),
            copy_of(Bytes(item.data).subspan(first * csum_bytes, count * csum_bytes))};
}

} // namespace

TEST_CASE("of two items with the same checksums one gives way") {
    const auto before = sums_of(RepairBench().items(btrfs::csum_tree_id));
    for (const u64 count : {u64{1}, u64{7}}) {
        RepairBench bench;
        bench.filesystem.edit(btrfs::csum_tree_id, [&](Items& items) {
            auto& first = item_of_type(items, type::extent_csum);
            const u64 all = first.data.size() / csum_bytes;
            REQUIRE(all > 8);
            items.push_back(part_of(first, 3, count)); // inside the first
        });
        CHECK(bench.check().any(ProblemCode::item_csum_overlap));
        CHECK(bench.repair().left_count == 0);
        CHECK(bench.check().all().empty());
        CHECK(sums_of(bench.items(btrfs::csum_tree_id)) == before);
    }
    RepairBench bench;
    bench.filesystem.edit(btrfs::csum_tree_id, [&](Items& items) {
        auto& first = item_of_type(items, type::extent_csum);
        items.push_back(part_of(first, 8, first.data.size() / csum_bytes - 8));
    });
    CHECK(bench.repair().left_count == 0);
    CHECK(sums_of(bench.items(btrfs::csum_tree_id)) == before);
}

TEST_CASE("of two items with other checksums none is believed") {
    RepairBench bench;
    bench.filesystem.edit(btrfs::csum_tree_id, [&](Items& items) {
        auto twin = part_of(item_of_type(items, type::extent_csum), 2, 4);
        twin.data.back() ^= std::byte{1};
        items.push_back(std::move(twin));
    });
    const auto before = text_of(bench.items(btrfs::csum_tree_id));
    const auto report = bench.repair();
    CHECK(!report.commit.is_committed);
    CHECK(report.left_count == 1);
    CHECK(text_of(bench.items(btrfs::csum_tree_id)) == before);
}

TEST_CASE("checksums of what no extent holds go") {
    check_each_is_undone({
        {"an item of its own",
         [](const auto&, Items& items) {
             items.push_back({csum_key(items.back().key.offset + 64 * u64{1024} * 1024), bytes_from(btrfs::le32(7))});
         },
         btrfs::csum_tree_id},
        {"behind those of an extent",
         [](const auto&, Items& items) {
             auto& last = items.back();
             last.data.insert(last.data.end(), csum_bytes * 2, std::byte{9});
         },
         btrfs::csum_tree_id},
    });
}

} // namespace repair_csums_test

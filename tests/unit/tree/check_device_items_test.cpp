// SPDX-License-Identifier: MIT
// The rules for CHUNK_ITEM, DEV_ITEM, DEV_EXTENT and RAID_STRIPE.
#include "tests/unit/tree/item_findings.h"

namespace check_device_items_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

template <class Change>
std::string device_findings(Change change, u64 objectid = btrfs::dev_items_objectid) {
    return findings({{{objectid, type::dev_item, 1}, changed(valid_device(), change)}}, btrfs::chunk_tree_id);
}

template <class Change>
std::string dev_extent_findings(Change change, u64 physical = mib) {
    return findings({{{1, type::dev_extent, physical}, changed(valid_dev_extent(), change)}}, btrfs::dev_tree_id);
}

std::string two_dev_extents(const btrfs::Key& second) {
    return findings(
        {{{1, type::dev_extent, mib}, bytes_from(valid_dev_extent())}, {second, bytes_from(valid_dev_extent())}},
        btrfs::dev_tree_id);
}

} // namespace

TEST_CASE("device items") {
    CHECK(device_findings([](auto& device) { device.bytes_used = device.total_bytes; }) == "");
    CHECK(device_findings([](auto& device) { device.bytes_used = device.total_bytes + 1; }) == "item-dev");
    CHECK(device_findings([](auto& device) { device.devid = 2; }) == "item-dev");
    CHECK(device_findings([](auto&) {}, 2) == "item-dev");
}

TEST_CASE("device extents") {
    CHECK(dev_extent_findings([](auto& extent) { extent.chunk_tree = 4; }) == "item-dev-extent");
    CHECK(dev_extent_findings([](auto& extent) { extent.chunk_objectid = 257; }) == "item-dev-extent");
    CHECK(dev_extent_findings([](auto& extent) { extent.chunk_offset = 4097; }) == "item-dev-extent");
    CHECK(dev_extent_findings([](auto& extent) { extent.length = 4097; }) == "item-dev-extent");
    CHECK(dev_extent_findings([](auto& extent) { extent.length = 0; }) == "item-dev-extent");
    CHECK(dev_extent_findings([](auto&) {}, 4097) == "item-dev-extent");
}

TEST_CASE("device extents of one device don't overlap") {
    CHECK(two_dev_extents({1, type::dev_extent, 9 * mib}) == "");
    CHECK(two_dev_extents({1, type::dev_extent, 9 * mib - 4096}) == "item-dev-extent-overlap");
    CHECK(two_dev_extents({2, type::dev_extent, mib}) == "");
}

TEST_CASE("chunks are checked as everywhere, and found in their leaf") {
    auto chunk = valid_chunk();
    chunk[offsetof(btrfs::ChunkItem, stripe_len)] = std::byte{1};
    const auto problems =
        problems_of({{{btrfs::first_chunk_tree_objectid, type::chunk_item, mib}, chunk}}, btrfs::chunk_tree_id);
    REQUIRE(ids_of(problems) == "chunk-item");
    CHECK(problems[0].place.logical == Logical{BlockIdentity{}.address});
    CHECK(problems[0].place.tree == btrfs::chunk_tree_id);
    CHECK(problems[0].place.slot == 0U);
    CHECK(problems[0].place.key == btrfs::Key{btrfs::first_chunk_tree_objectid, type::chunk_item, mib});
}

TEST_CASE("raid stripes") {
    Geometry geometry = sample_geometry();
    const auto check = [&](u64 start) {
        return findings({{{start, type::raid_stripe, 4096}, bytes_from(btrfs::RaidStride{})}},
                        btrfs::raid_stripe_tree_id, geometry);
    };
    CHECK(check(4096) == "item-raid-stripe"); // the feature is not set
    geometry.incompat_flags |= btrfs::incompat_raid_stripe_tree;
    CHECK(check(4096) == "");
    CHECK(check(4097) == "item-raid-stripe");
}

} // namespace check_device_items_test

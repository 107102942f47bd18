// SPDX-License-Identifier: MIT
// Chunks laid on devices: how many stripes, where, and when there is no room.
#include "libfs/space/chunk_allocator.h"

#include <doctest/doctest.h>

namespace chunk_allocator_test {

using namespace btrkit;

namespace {

constexpr u64 mib = u64{1} << 20;

std::vector<DeviceSpace> devices(const std::vector<u64>& sizes) {
    std::vector<DeviceSpace> all;
    for (const u64 size : sizes) {
        all.push_back({.devid = all.size() + 1, .uuid = {}, .size_bytes = size});
    }
    return all;
}

struct Expected {
    u64 profile;
    std::size_t stripes;
    u64 length; ///< with stripes of 1 MiB on five devices
};

} // namespace

TEST_CASE("each profile takes as many devices as it can use") {
    const std::vector<Expected> table = {
        {0, 1, mib},
        {btrfs::block_group_dup, 2, mib},
        {btrfs::block_group_raid0, 5, 5 * mib},
        {btrfs::block_group_raid1, 2, mib},
        {btrfs::block_group_raid1c3, 3, mib},
        {btrfs::block_group_raid1c4, 4, mib},
        {btrfs::block_group_raid10, 4, 2 * mib},
        {btrfs::block_group_raid5, 5, 4 * mib},
        {btrfs::block_group_raid6, 5, 3 * mib},
    };
    for (const auto& expected : table) {
        CAPTURE(btrfs::find_profile(expected.profile)->name);
        ChunkAllocator allocator(devices({9 * mib, 9 * mib, 9 * mib, 9 * mib, 9 * mib}), Logical{mib});
        const auto chunk = allocator.allocate(btrfs::block_group_data | expected.profile, mib, mib);
        REQUIRE(chunk);
        CHECK(chunk->stripes.size() == expected.stripes);
        CHECK(chunk->length == expected.length);
        CHECK(chunk->start == Logical{mib});
        CHECK(allocator.data_stripes(expected.profile) == expected.length / mib);
        const auto next = allocator.allocate(btrfs::block_group_data, mib, mib);
        REQUIRE(next);
        CHECK(next->start == chunk->start + chunk->length);
    }
}

TEST_CASE("both copies of dup lie on one device, one behind the other") {
    ChunkAllocator allocator(devices({9 * mib, 20 * mib}), Logical{mib});
    const auto chunk = allocator.allocate(btrfs::block_group_metadata | btrfs::block_group_dup, 2 * mib, mib);
    REQUIRE(chunk);
    CHECK(chunk->stripes.at(0).devid == 2);
    CHECK(chunk->stripes.at(1).devid == 2);
    CHECK(chunk->stripes.at(0).offset == reserved_at_device_start);
    CHECK(chunk->stripes.at(1).offset == reserved_at_device_start + 2 * mib);
}

TEST_CASE("stripes get shorter where devices end, down to the least, in whole 64 KiB") {
    ChunkAllocator allocator(devices({4 * mib + 4096, 9 * mib}), Logical{mib});
    const u64 raid1 = btrfs::block_group_data | btrfs::block_group_raid1;
    const auto chunk = allocator.allocate(raid1, 8 * mib, mib);
    REQUIRE(chunk);
    CHECK(chunk->length == 3 * mib);
    CHECK_FALSE(allocator.allocate(raid1, 8 * mib, mib));
    CHECK(allocator.devices()[0].allocated_bytes() == 3 * mib);
    CHECK(allocator.allocate(btrfs::block_group_data, 8 * mib, mib)->length == 5 * mib);
    CHECK_FALSE(allocator.allocate(btrfs::block_group_data, mib, mib));
}

TEST_CASE("too few devices for a profile: no chunk") {
    ChunkAllocator allocator(devices({9 * mib, 9 * mib}), Logical{mib});
    CHECK_FALSE(allocator.allocate(btrfs::block_group_data | btrfs::block_group_raid1c3, mib, mib));
    CHECK(allocator.data_stripes(btrfs::block_group_raid1c3) == 0);
}

} // namespace chunk_allocator_test

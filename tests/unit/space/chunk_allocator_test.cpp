// SPDX-License-Identifier: MIT
// Chunks laid on devices, empty or with holes: how many stripes, where, and when there is no room.
#include "libfs/space/chunk_allocator.h"

#include <random>

#include <doctest/doctest.h>

namespace chunk_allocator_test {

using namespace btrkit;

namespace {

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

constexpr u64 unit = 32 << 10; ///< half of what places are a multiple of
constexpr u64 stripe_unit = 2 * unit;

/// The plain model: each unit of a device, used or not.
struct PlainDevice {
    std::vector<bool> used;

    /// The bytes from that unit on, which must be where a stripe may begin, up to what is used.
    u64 run(std::size_t at) const {
        std::size_t end = at;
        while (end < used.size() && !used[end]) {
            ++end;
        }
        return (end - at) * unit;
    }
    u64 longest() const {
        u64 bytes = 0;
        for (std::size_t at = 0; at < used.size(); at += 2) {
            bytes = std::max(bytes, run(at));
        }
        return bytes;
    }
    u64 place_for(u64 bytes) const {
        std::size_t at = 0;
        while (run(at) < bytes) {
            at += 2;
        }
        return at * unit;
    }
};

/// The same extents in both.
void fill_randomly(DeviceSpace& device, PlainDevice& plain, std::mt19937& random) {
    device.size_bytes = (64 + random() % 200) * unit;
    plain.used.assign(device.size_bytes / unit, false);
    std::fill_n(plain.used.begin(), reserved_at_device_start / unit, true);
    for (u64 extents = random() % 12; extents > 0; --extents) {
        const u64 first = random() % plain.used.size();
        const u64 count = std::min<u64>(1 + random() % 16, plain.used.size() - first);
        device.allocated.insert(range_from(first * unit, count * unit));
        std::fill_n(plain.used.begin() + static_cast<std::ptrdiff_t>(first), count, true);
    }
}

/// That a chunk lies where the plain model has room for it; takes that room.
void place(const Chunk& chunk, u32 on_each, std::vector<PlainDevice>& plain) {
    const u64 bytes = chunk.stripe_length_bytes();
    for (std::size_t i = 0; i < chunk.stripes.size(); i += on_each) {
        auto& device = plain.at(chunk.stripes[i].devid - 1);
        REQUIRE(chunk.stripes[i].offset == device.place_for(bytes * on_each));
        for (u32 copy = 0; copy < on_each; ++copy) {
            REQUIRE(chunk.stripes[i + copy].devid == chunk.stripes[i].devid);
            REQUIRE(chunk.stripes[i + copy].offset == chunk.stripes[i].offset + copy * bytes);
        }
        std::fill_n(device.used.begin() + static_cast<std::ptrdiff_t>(chunk.stripes[i].offset / unit),
                    bytes * on_each / unit, true);
    }
}

/// The least of the longest holes that a chunk on so many devices meets; 0 where they are too few.
u64 least_hole(const std::vector<PlainDevice>& plain, std::size_t device_count) {
    std::vector<u64> holes;
    for (const auto& device : plain) {
        holes.push_back(device.longest());
    }
    std::ranges::sort(holes, std::ranges::greater());
    return device_count <= holes.size() ? holes[device_count - 1] : 0;
}

} // namespace

TEST_CASE("on devices with holes, chunks lie in the first ones that have room, as long as the longest allow") {
    std::mt19937 random(4);
    struct Kind {
        u64 profile;
        u32 devices;
        u32 on_each;
    };
    for (int round = 0; round < 600; ++round) {
        const Kind kinds[] = {{0, 1, 1},
                              {btrfs::block_group_dup, 1, 2},
                              {btrfs::block_group_raid1, 2, 1},
                              {btrfs::block_group_raid1c3, 3, 1}};
        std::vector<DeviceSpace> spaces = devices({0, 0, 0, 0});
        std::vector<PlainDevice> plain(spaces.size());
        for (std::size_t i = 0; i < spaces.size(); ++i) {
            fill_randomly(spaces[i], plain[i], random);
        }
        ChunkAllocator allocator(spaces, Logical{mib});
        for (int i = 0; i < 12; ++i) {
            const Kind& kind = kinds[random() % 4];
            const u64 wanted = (1 + random() % 12) * stripe_unit;
            const u64 least = std::min(wanted, (1 + random() % 6) * stripe_unit);
            const u64 possible = round_down(least_hole(plain, kind.devices) / kind.on_each, stripe_unit);
            const auto chunk = allocator.allocate(btrfs::block_group_data | kind.profile, wanted, least);
            REQUIRE(chunk.has_value() == (possible >= least));
            if (chunk) {
                REQUIRE(chunk->stripes.size() == std::size_t{kind.devices} * kind.on_each);
                REQUIRE(chunk->stripe_length_bytes() == std::min(wanted, possible));
                place(*chunk, kind.on_each, plain);
            }
        }
        for (std::size_t i = 0; i < plain.size(); ++i) {
            REQUIRE(allocator.devices()[i].first_hole().has_value() == (plain[i].longest() > 0));
        }
    }
}

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

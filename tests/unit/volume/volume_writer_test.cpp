// SPDX-License-Identifier: MIT
// What is written by logical address is read back from every mirror, rebuilt ones included.
#include "libfs/volume/volume_writer.h"

#include "libfs/volume/stripe_map.h"
#include "libfs/volume/super_stripes.h"
#include "tests/support/raid_samples.h"

#include <doctest/doctest.h>

#include <cstring>

namespace volume_writer_test {

using namespace btrkit;
using namespace btrkit::test;

TEST_CASE("every mirror of every profile reads what was written, across stripes and rows") {
    for (const auto& layout : layouts) {
        CAPTURE(btrfs::find_profile(layout.profile)->name);
        VolumeImage image(layout.devices, u64{8} << 20);
        std::vector<u64> devids(layout.devices);
        std::iota(devids.begin(), devids.end(), u64{1});
        if (layout.profile == btrfs::block_group_dup) {
            devids = {1, 1};
        }
        const Chunk chunk = image.add_chunk(btrfs::block_group_data | layout.profile, 12 * unit, devids);

        auto devices = image.all_devices();
        WritableDevices by_devid;
        for (std::size_t i = 0; i < devices.size(); ++i) {
            by_devid[i + 1] = dynamic_cast<WritableDevice*>(devices[i].get());
        }
        ChunkMap chunks;
        REQUIRE(chunks.add(chunk));
        const VolumeWriter writer(by_devid, chunks);
        std::vector<std::byte> bytes(5 * unit + 4 * kib);
        std::mt19937 random(3);
        std::ranges::generate(bytes, [&] { return std::byte(random()); });
        const Logical at = chunk.start + unit + 8 * kib;
        REQUIRE(writer.write(at, bytes));
        REQUIRE(writer.write_parity(chunk, at, at + bytes.size()));

        Problems problems;
        const Volume volume = image.open(std::move(devices), problems);
        REQUIRE(volume.mirror_count(at) == layout.mirrors);
        for (unsigned mirror = 1; mirror <= layout.mirrors; ++mirror) {
            CAPTURE(mirror);
            std::vector<std::byte> read(bytes.size());
            REQUIRE(volume.read(at, read, mirror));
            CHECK(std::memcmp(read.data(), bytes.data(), bytes.size()) == 0);
        }
    }
}

TEST_CASE("nothing is written outside all chunks") {
    MemoryDevice device("dev", std::vector<std::byte>(1 << 20));
    const ChunkMap no_chunks;
    const VolumeWriter writer({{1, &device}}, no_chunks);
    const auto written = writer.write({4096}, std::vector<std::byte>(4096));
    REQUIRE_FALSE(written);
    CHECK(written.error().kind == ErrorKind::not_found);
}

TEST_CASE("superblock mirrors in a chunk: their 64 KiB, or with parity the whole row") {
    constexpr u64 mirror_at = u64{64} << 20;
    constexpr u64 elsewhere = u64{1} << 30;
    Chunk chunk = {
        .start = {u64{1} << 40}, .length = 0, .type = btrfs::block_group_data, .sub_stripes = 1, .stripes = {}};
    const auto ranges = [&](u64 profile, std::vector<u64> stripe_offsets, u64 stripe_bytes) {
        chunk.type = btrfs::block_group_data | profile;
        chunk.stripes.clear();
        for (const u64 offset : stripe_offsets) {
            chunk.stripes.push_back({.devid = chunk.stripes.size() + 1, .offset = offset, .dev_uuid = {}});
        }
        chunk.length = stripe_bytes * chunk.data_stripes();
        const auto found = super_stripes(chunk);
        return std::vector(found.ranges().begin(), found.ranges().end());
    };
    const u64 start = chunk.start.bytenr;
    CHECK(ranges(0, {mirror_at + unit}, 8 * unit).empty());
    CHECK(ranges(0, {mirror_at - 8 * unit}, 8 * unit).empty());
    CHECK(ranges(0, {mirror_at - 2 * unit}, 8 * unit) == std::vector{range_from(start + 2 * unit, unit)});
    // Both copies meet a mirror, at different addresses.
    CHECK(ranges(btrfs::block_group_raid1, {mirror_at - 2 * unit, mirror_at - 5 * unit}, 8 * unit) ==
          std::vector{range_from(start + 2 * unit, unit), range_from(start + 5 * unit, unit)});
    CHECK(ranges(btrfs::block_group_raid1, {mirror_at, mirror_at}, 8 * unit) == std::vector{range_from(start, unit)});
    // The second of two data stripes, third row.
    CHECK(ranges(btrfs::block_group_raid0, {elsewhere, mirror_at - 2 * unit}, 8 * unit) ==
          std::vector{range_from(start + 5 * unit, unit)});
    CHECK(ranges(btrfs::block_group_raid5, {elsewhere, elsewhere, mirror_at - unit}, 8 * unit) ==
          std::vector{range_from(start + 2 * unit, 2 * unit)});
}

} // namespace volume_writer_test

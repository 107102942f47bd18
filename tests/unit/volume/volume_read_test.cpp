// SPDX-License-Identifier: MIT
// Reading through the RAID arithmetic: all profiles and mirrors against bytes that another layout put on the devices.
#include "tests/support/raid_samples.h"

#include <doctest/doctest.h>

namespace volume_read_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

bool reads_well(const Volume& volume, const Extent& extent, unsigned mirror) {
    std::vector<std::byte> bytes(extent.length);
    return volume.read(extent.at, bytes, mirror) && is_content(extent.at, bytes);
}

/// Whether some mirror gives the right bytes, tried as callers do; `which` is the first that gives bytes at all.
bool some_mirror_reads_well(const Volume& volume, const Extent& extent, unsigned& which) {
    std::vector<std::byte> bytes(extent.length);
    for (const unsigned mirror : volume.mirror_order(extent.at)) {
        if (volume.read(extent.at, bytes, mirror)) {
            which = mirror;
            return is_content(extent.at, bytes);
        }
    }
    return false;
}

/// Every address of the first filled chunk, a quarter of a stripe at a time.
std::vector<Extent> quarter_stripes(const VolumeImage& image) {
    const Chunk& chunk = image.chunks()[1];
    std::vector<Extent> extents;
    for (u64 offset = 0; offset < chunk.length; offset += unit / 4) {
        extents.push_back({chunk.start + offset, std::min(unit / 4, chunk.length - offset)});
    }
    return extents;
}

std::vector<std::vector<u64>> subsets_of_size(unsigned devices, unsigned size) {
    std::vector<std::vector<u64>> subsets;
    for (unsigned bits = 0; bits < (1U << devices); ++bits) {
        std::vector<u64> subset;
        for (unsigned i = 0; i < devices; ++i) {
            if ((bits >> i & 1) != 0) {
                subset.push_back(i + 1);
            }
        }
        if (subset.size() == size) {
            subsets.push_back(subset);
        }
    }
    return subsets;
}

} // namespace

TEST_CASE("every mirror of every profile gives the bytes") {
    for (const auto& layout : layouts) {
        auto image = image_of(layout);
        const auto volume = open_image(image, image.all_devices());
        for (const auto& extent : random_extents(image, 60)) {
            REQUIRE(volume.mirror_count(extent.at) == layout.mirrors);
            for (unsigned mirror = 1; mirror <= layout.mirrors; ++mirror) {
                CAPTURE(layout.profile);
                CAPTURE(layout.devices);
                CAPTURE(mirror);
                CHECK(reads_well(volume, extent, mirror));
            }
        }
    }
}

TEST_CASE("dup keeps both copies on one device") {
    VolumeImage image(1);
    const auto chunk = image.add_chunk(btrfs::block_group_metadata | btrfs::block_group_dup, 5 * unit, {1, 1});
    const auto volume = open_image(image, image.all_devices());
    CHECK(volume.mirror_count(chunk.start) == 2);
    CHECK(reads_well(volume, {chunk.start, chunk.length}, 1));
    CHECK(reads_well(volume, {chunk.start, chunk.length}, 2));
}

TEST_CASE("as many devices may be missing as the profile tolerates") {
    for (const auto& layout : layouts) {
        if (layout.tolerated == 0) {
            continue;
        }
        auto image = image_of(layout);
        for (const auto& lost : subsets_of_size(layout.devices, layout.tolerated)) {
            const auto volume = open_image(image, all_but(image, layout.devices, lost));
            for (const auto& extent : quarter_stripes(image)) {
                CAPTURE(layout.profile);
                CAPTURE(layout.devices);
                CAPTURE(lost.front());
                CAPTURE(lost.back());
                unsigned which = 0;
                CHECK(some_mirror_reads_well(volume, extent, which));
                CHECK(which == volume.mirror_order(extent.at).front());
            }
        }
    }
}

TEST_CASE("one more missing device is one too many") {
    for (const auto& layout : layouts) {
        if (layout.devices <= layout.tolerated + 1) {
            continue;
        }
        auto image = image_of(layout);
        const auto volume = open_image(image, all_but(image, layout.devices, first_devids(layout.tolerated + 1)));
        std::vector<std::byte> bytes(unit);
        const auto at = image.chunks()[1].start;
        for (const unsigned mirror : volume.mirror_order(at)) {
            const auto done = volume.read(at, bytes, mirror);
            REQUIRE_FALSE(done);
            CHECK(done.error().kind == ErrorKind::missing_device);
            CHECK(done.error().message.find("was not given") != std::string::npos);
        }
    }
}

TEST_CASE("raid6 finds the bytes when a stripe is rotten without anyone knowing") {
    VolumeImage image(5);
    const auto chunk = image.add_chunk(btrfs::block_group_data | btrfs::block_group_raid6, 15 * unit, first_devids(5));
    for (u64 missing = 1; missing <= 5; ++missing) {
        for (u64 rotten = 1; rotten <= 5; ++rotten) {
            VolumeImage damaged = image;
            for (u64 at = 0; at < 5 * unit; ++at) {
                damaged.bytes(rotten).part(chunk.stripes[rotten - 1].offset + at)[0] ^= std::byte{0x5a};
            }
            const auto volume = open_image(damaged, all_but(damaged, 5, {missing}));
            for (u64 offset = 0; offset < chunk.length; offset += unit) {
                bool found = false;
                for (const unsigned mirror : volume.mirror_order(chunk.start + offset)) {
                    found = found || reads_well(volume, {chunk.start + offset, 4096}, mirror);
                }
                CAPTURE(missing);
                CAPTURE(rotten);
                CHECK(found);
            }
        }
    }
}

TEST_CASE("a failing place is rebuilt around, and only the wanted bytes are read") {
    VolumeImage image(4);
    const auto chunk = image.add_chunk(btrfs::block_group_data | btrfs::block_group_raid6, 4 * unit, first_devids(4));
    // Row 0: data on 1 and 2, P on 3, Q on 4. All but the second 4 KiB of each stripe fails, and device 1 throughout.
    Devices devices;
    devices.push_back(faulty(image.device(1), {{chunk.stripes[0].offset, unit}}));
    for (u64 devid = 2; devid <= 4; ++devid) {
        const u64 offset = chunk.stripes[devid - 1].offset;
        devices.push_back(faulty(image.device(devid), {{offset, 4096}, {offset + 8192, unit - 8192}}));
    }
    const auto volume = open_image(image, std::move(devices));
    const auto at = chunk.start + 4096;
    CHECK_FALSE(reads_well(volume, {at, 4096}, 1));
    CHECK(reads_well(volume, {at, 4096}, 2));
    CHECK(reads_well(volume, {at, 4096}, 3));
    CHECK(reads_well(volume, {at, 4096}, 4));
    std::vector<std::byte> bytes(4097);
    const auto done = volume.read(at, bytes, 2);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::io);
}

TEST_CASE("what no chunk or mirror has is not found") {
    VolumeImage image(1);
    const auto volume = open_image(image, image.all_devices());
    const Chunk& chunk = image.chunks().front();
    std::vector<std::byte> bytes(4096);
    CHECK(volume.mirror_count({0}) == 0);
    CHECK(volume.mirror_order({0}).empty());
    for (const auto& [at, mirror] : std::vector<std::pair<Logical, unsigned>>{
             {{0}, 1}, {chunk.start + (chunk.length - 4095), 1}, {chunk.start, 0}, {chunk.start, 2}, {{~u64{0}}, 1}}) {
        const auto done = volume.read(at, bytes, mirror);
        REQUIRE_FALSE(done);
        CHECK(done.error().kind == ErrorKind::not_found);
    }
    CHECK(volume.read({0}, {}, 1));
}

TEST_CASE("a remapped chunk without stripes can't be read") {
    VolumeImage image(1);
    auto volume = open_image(image, image.all_devices());
    const Logical at{u64{1} << 40};
    REQUIRE(volume.add_chunk({.start = at,
                              .length = unit,
                              .type = btrfs::block_group_data | btrfs::block_group_remapped,
                              .sub_stripes = 0,
                              .stripes = {}}));
    std::vector<std::byte> bytes(4096);
    CHECK_FALSE(volume.read(at, bytes, 1));
    CHECK(volume.mirror_order(at).empty());
    std::vector<Volume::ReadRequest> requests = {{at, bytes}};
    volume.read_many(requests);
    CHECK_FALSE(requests[0].done);
}

TEST_CASE("mirrors on stale devices come last, those on missing ones behind them") {
    VolumeImage image(3);
    const auto copies =
        image.add_chunk(btrfs::block_group_metadata | btrfs::block_group_raid1c3, unit, {1, 2, 3}).start;
    const auto parity =
        image.add_chunk(btrfs::block_group_metadata | btrfs::block_group_raid5, 2 * unit, {1, 2, 3}).start;
    using Order = std::vector<unsigned>;
    CHECK(open_image(image, image.all_devices()).mirror_order(copies) == Order{1, 2, 3});
    image.super(1).generation = 17;
    auto volume = open_image(image, image.all_devices());
    CHECK(volume.mirror_order(copies) == Order{2, 3, 1});
    CHECK(volume.mirror_order(parity) == Order{2, 1});
    CHECK(volume.mirror_order(parity + unit) == Order{1, 2});
    volume = open_image(image, all_but(image, 3, {2}));
    CHECK(volume.mirror_order(copies) == Order{3, 1, 2});
    CHECK(volume.mirror_order(parity + unit) == Order{2, 1});
}

} // namespace volume_read_test

// SPDX-License-Identifier: MIT
// Many places at once: the same bytes in few requests, and failures that stay where they are.
#include "tests/support/raid_samples.h"
#include "tests/support/recording_device.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

namespace volume_batch_test {

using namespace btrkit;
using namespace btrkit::test;

TEST_CASE("many places are read as well as one") {
    for (const auto& layout : layouts) {
        auto image = image_of(layout);
        const auto lost = layout.tolerated > 0 ? std::vector<u64>{1} : std::vector<u64>{};
        const auto volume = open_image(image, all_but(image, layout.devices, lost));
        const auto extents = random_extents(image, 40);
        std::vector<std::vector<std::byte>> buffers;
        std::vector<Volume::ReadRequest> requests;
        for (const auto& extent : extents) {
            buffers.emplace_back(extent.length);
            requests.push_back({extent.at, buffers.back()});
        }
        requests.push_back({{0}, buffers.front()});
        requests.push_back({extents.front().at, {}});
        buffers.emplace_back(2 * unit);
        const Chunk& last = image.chunks().back();
        requests.push_back({last.start + (last.length - unit), buffers.back()});
        volume.read_many(requests);
        for (std::size_t i = 0; i < extents.size(); ++i) {
            CAPTURE(layout.profile);
            CAPTURE(i);
            CHECK(requests[i].done);
            CHECK((is_content(extents[i].at, buffers[i]) || i == 0)); // the first buffer is used twice
        }
        CHECK_FALSE(requests[extents.size()].done);
        CHECK(requests[extents.size() + 1].done);
        CHECK_FALSE(requests[extents.size() + 2].done);
    }
}

namespace {

/// One device whose requests are kept, and a chunk of 3 MiB on it.
struct Recorded {
    VolumeImage image{1, u64{4} << 20};
    Chunk chunk = image.add_chunk(btrfs::block_group_metadata, u64{3} << 20, {1});
    std::shared_ptr<DeviceRecord> record = std::make_shared<DeviceRecord>();

    Volume open_with(std::vector<FaultyDevice::Range> bad = {}) {
        Devices devices;
        devices.push_back(std::make_unique<RecordingDevice>(faulty(image.device(1), std::move(bad)), record));
        auto volume = open_image(image, std::move(devices));
        record->reads.clear();
        return volume;
    }
    u64 physical(u64 offset) const { return chunk.stripes[0].offset + offset; }
};

} // namespace

TEST_CASE("neighbours are read in one request of at most one MiB") {
    Recorded recorded;
    const auto volume = recorded.open_with();
    std::vector<std::byte> bytes(u64{3} << 20);
    std::vector<Volume::ReadRequest> requests;
    // Backwards, but for one gap of a block at the end of the first half.
    for (u64 offset = bytes.size(); offset > 0; offset -= 16 * kib) {
        if (offset != bytes.size() / 2) {
            const u64 at = offset - 16 * kib;
            requests.push_back({recorded.chunk.start + at, MutableBytes(bytes).subspan(at, 16 * kib)});
        }
    }
    volume.read_many(requests);
    CHECK(std::ranges::all_of(requests, &Volume::ReadRequest::done));
    const u64 half = bytes.size() / 2;
    CHECK(is_content(recorded.chunk.start, Bytes(bytes).first(half - 16 * kib)));
    CHECK(is_content(recorded.chunk.start + half, Bytes(bytes).subspan(half)));
    CHECK(recorded.record->reads == std::vector<DeviceRequest>{
                                        {recorded.physical(0), 1024 * kib},
                                        {recorded.physical(1024 * kib), 496 * kib},
                                        {recorded.physical(half), 1024 * kib},
                                        {recorded.physical(half + 1024 * kib), 512 * kib},
                                    });
}

TEST_CASE("one bad place does not take its neighbours with it") {
    Recorded recorded;
    const auto volume = recorded.open_with({{recorded.physical(40 * kib), 1}});
    std::vector<std::byte> bytes(128 * kib);
    std::vector<Volume::ReadRequest> requests;
    for (u64 offset = 0; offset < bytes.size(); offset += 16 * kib) {
        requests.push_back({recorded.chunk.start + offset, MutableBytes(bytes).subspan(offset, 16 * kib)});
    }
    volume.read_many(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
        CHECK(requests[i].done == (i != 2));
        CHECK((!requests[i].done || is_content(requests[i].at, requests[i].out)));
    }
}

TEST_CASE("the same place may be wanted twice") {
    Recorded recorded;
    const auto volume = recorded.open_with();
    std::vector<std::byte> bytes(32 * kib);
    std::vector<Volume::ReadRequest> requests = {{recorded.chunk.start, MutableBytes(bytes).first(16 * kib)},
                                                 {recorded.chunk.start, MutableBytes(bytes).subspan(16 * kib)}};
    volume.read_many(requests);
    CHECK(is_content(recorded.chunk.start, Bytes(bytes).first(16 * kib)));
    CHECK(is_content(recorded.chunk.start, Bytes(bytes).subspan(16 * kib)));
}

TEST_CASE("the devices are told what will be wanted, neighbours together") {
    Recorded recorded;
    const auto volume = recorded.open_with();
    const auto start = recorded.chunk.start;
    const std::vector<Logical> places = {start + 32 * kib, {0}, start + 128 * kib, start + 16 * kib};
    volume.prefetch(places, 16 * kib);
    CHECK(recorded.record->reads.empty());
    CHECK(recorded.record->prefetches == std::vector<DeviceRequest>{{recorded.physical(16 * kib), 32 * kib},
                                                                    {recorded.physical(128 * kib), 16 * kib}});
}

TEST_CASE("several threads may read at once") {
    auto image = image_of({btrfs::block_group_raid6, 5, 5, 2});
    const auto volume = open_image(image, all_but(image, 5, {2}));
    const auto extents = random_extents(image, 20);
    std::atomic<unsigned> bad = 0;
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (const auto& extent : extents) {
                std::vector<std::byte> bytes(extent.length);
                std::vector<Volume::ReadRequest> requests = {{extent.at, bytes}};
                volume.read_many(requests);
                bad += requests[0].done && is_content(extent.at, bytes) ? 0 : 1;
            }
        });
    }
    threads.clear();
    CHECK(bad == 0);
}

} // namespace volume_batch_test

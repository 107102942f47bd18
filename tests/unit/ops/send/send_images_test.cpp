// SPDX-License-Identifier: MIT
// Images of random trees, each from our mkfs: the one against the other, in which the same inode numbers are other
// files, applied by a receiver in memory, is what was sent. BTRKIT_SEEDS asks for a longer run.
#include "libfs/io/memory_device.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "tests/support/effort.h"
#include "tests/unit/ops/random_source.h"
#include "tests/unit/ops/send/sent_streams.h"

#include <cstdlib>
#include <doctest/doctest.h>

namespace send_images_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

Filesystem make_image(unsigned seed, std::string_view compression) {
    const auto source = random_source(seed);
    mkfs::Requests requests{
        .checksum = "xxhash", .fsid = mkfs::uuid_from_seed(std::to_string(seed)), .now = {.sec = 1'800'000'000}};
    requests.compression = *parse_compression(compression);
    const auto plan =
        mkfs::plan(source, {.requests = requests, .sizing = mkfs::Sizing::least, .device_sizes = {0}}, {});
    REQUIRE_MESSAGE(plan, plan.error().message);
    auto device = std::make_unique<MemoryDevice>("device", SparseBytes(plan->layout.devices[0].size_bytes));
    WritableDevice* const pointers[] = {device.get()};
    const auto written = mkfs::write(*plan, pointers, {}, {});
    REQUIRE_MESSAGE(written, written.error().message);
    Devices devices;
    devices.push_back(std::move(device));
    return std::move(open_filesystem(std::move(devices)).filesystem);
}

/// Sends the top-level tree of one image whole, and that of the other against it. Empty: all is well.
std::string try_pair(unsigned seed) {
    const auto before = make_image(2 * seed, "no");
    const auto now = make_image(2 * seed + 1, seed % 2 == 0 ? "zstd" : "lzo");
    send::Options options{
        .subvolumes = {"5"}, .version = 1 + seed % 3, .compressed_data = seed % 3 != 0, .allow_writable = true};
    ModelReceiver receiver;
    const auto whole = send_stream(before, nullptr, options);
    auto received = whole ? receiver.receive(*whole) : std::unexpected(whole.error());
    if (!received) {
        return "whole: " + received.error().message;
    }
    if (const auto wrong = difference(receiver, before, "5", options.version); !wrong.empty()) {
        return "whole: " + wrong;
    }
    options.parent = "5";
    const auto stream = send_stream(now, &before, options, 2);
    received = stream ? receiver.receive(*stream) : std::unexpected(stream.error());
    if (!received) {
        return "difference: " + received.error().message;
    }
    const auto wrong = difference(receiver, now, "5", options.version);
    return wrong.empty() ? wrong : "difference: " + wrong;
}

} // namespace

TEST_CASE("images of random trees, sent against each other, are received as they are") {
    for (unsigned seed = 0; seed < rounds(6, 300); ++seed) {
        const auto wrong = try_pair(seed);
        CHECK_MESSAGE(wrong.empty(), "seed ", seed, ": ", wrong);
    }
}

TEST_CASE("an image sent against itself changes nothing") {
    const auto filesystem = make_image(3, "no");
    const auto again = make_image(3, "no");
    const auto stream = send_stream(filesystem, &again, {.subvolumes = {"5"}, .parent = "5", .allow_writable = true});
    REQUIRE_MESSAGE(stream, stream.error().message);
    ModelReceiver receiver;
    const auto whole = send_stream(filesystem, nullptr, {.subvolumes = {"5"}, .allow_writable = true});
    REQUIRE_MESSAGE(whole, whole.error().message);
    REQUIRE(receiver.receive(*whole));
    const auto before = receiver.list_last();
    REQUIRE(receiver.receive(*stream));
    CHECK(differences(before, receiver.list_last(), {}).empty());
    CHECK(stream->size() * 10 < whole->size());
}

} // namespace send_images_test

// SPDX-License-Identifier: MIT
// The overlay: it reads as if it were written, nothing comes down before apply(), and all of it does then.
#include "libfs/io/overlay_device.h"

#include "libfs/base/range_set.h"
#include "libfs/io/memory_device.h"
#include "tests/support/faulty_device.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/recording_device.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <doctest/doctest.h>

namespace overlay_device_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 block_bytes = OverlayDevice::block_bytes;
/// Not whole blocks.
constexpr u64 device_bytes = 300 * block_bytes + 777;

std::vector<std::byte> random_bytes(std::mt19937& random, std::size_t count) {
    std::vector<std::byte> bytes(count);
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random() >> 8); });
    return bytes;
}

Range random_range(std::mt19937& random, u64 longest) {
    const u64 length = random() % longest;
    const bool at_end = random() % 8 == 0;
    const u64 start = at_end ? device_bytes - length : random() % (device_bytes - length);
    return {start, start + length};
}

void check_reads(const OverlayDevice& overlay, Range range, Bytes model) {
    std::vector<std::byte> out(range.length());
    REQUIRE(overlay.read(range.start, out));
    CHECK(std::ranges::equal(out, model.subspan(range.start, range.length())));
}

} // namespace

TEST_CASE("an overlay reads what was written to it, wherever it keeps it, and apply() brings it all down") {
    const TemporaryFolder folder;
    for (const u64 memory_bytes : {u64{0}, 40 * block_bytes, u64{1} << 30}) {
        CAPTURE(memory_bytes);
        std::mt19937 random(20);
        const auto content = random_bytes(random, device_bytes);
        MemoryDevice below("dev", content);
        OverlayDevice overlay(below, {.memory_bytes = memory_bytes, .spill_directory = folder.path()});
        CHECK(overlay.name() == "dev");
        CHECK(overlay.size_bytes() == device_bytes);
        auto model = content;
        for (int i = 0; i < 600; ++i) {
            const auto written = random_range(random, i % 10 == 0 ? 20 * block_bytes : 900);
            const auto bytes = random_bytes(random, written.length());
            REQUIRE(overlay.write(written.start, bytes));
            std::ranges::copy(bytes, model.begin() + static_cast<std::ptrdiff_t>(written.start));
            check_reads(overlay, random_range(random, 9 * block_bytes), model);
        }
        REQUIRE(overlay.flush());
        check_reads(overlay, {0, device_bytes}, model);
        CHECK(below.bytes() == content);
        CHECK(model != content);

        REQUIRE(overlay.apply(below));
        CHECK(below.bytes() == model);
        check_reads(overlay, {0, device_bytes}, model);
    }
}

TEST_CASE("apply() writes in ascending order, joins neighbours and leaves out what was not written") {
    const TemporaryFolder folder;
    const MemoryDevice below("dev", std::vector<std::byte>(device_bytes));
    OverlayDevice overlay(below, {.memory_bytes = block_bytes, .spill_directory = folder.path()});
    const auto write = [&](u64 offset, u64 length) {
        REQUIRE(overlay.write(offset, std::vector<std::byte>(length, std::byte{1})));
    };
    write(device_bytes - 1, 1);
    write(9 * block_bytes, block_bytes);
    write(7 * block_bytes + 5, 2);
    write(8 * block_bytes + 5, 1);
    write(3 * block_bytes, 0);
    const auto record = std::make_shared<DeviceRecord>();
    RecordingDevice to(std::make_unique<MemoryDevice>("to", std::vector<std::byte>(device_bytes)), record);
    REQUIRE(overlay.apply(to));
    std::vector<DeviceRequest> writes;
    for (const auto& change : record->changes) {
        CHECK(change.kind == DeviceChange::Kind::write);
        writes.push_back(change.place);
    }
    CHECK(writes == std::vector<DeviceRequest>{{7 * block_bytes, 3 * block_bytes}, {300 * block_bytes, 777}});
}

TEST_CASE("apply() cuts long runs, and stops at the first write that fails") {
    constexpr u64 size = u64{5} << 20;
    const MemoryDevice below("dev", std::vector<std::byte>(size));
    OverlayDevice overlay(below, {});
    const auto bytes = pattern_bytes(size);
    REQUIRE(overlay.write(0, bytes));
    const auto faults = std::make_shared<DeviceFaults>();
    faults->first_bad_write = 3;
    FaultyDevice to(std::make_unique<MemoryDevice>("to", std::vector<std::byte>(size)), {}, faults);
    const auto done = overlay.apply(to);
    REQUIRE_FALSE(done);
    CHECK(done.error().message == "to: cannot write at offset 3145728: as told");
    CHECK(faults->write_count == 4);
    faults->first_bad_write = DeviceFaults::never;
    REQUIRE(overlay.apply(to));
    std::vector<std::byte> out(size);
    REQUIRE(to.read(0, out));
    CHECK(out == bytes);
}

TEST_CASE("an overlay ends where the device below ends") {
    const MemoryDevice below("dev", std::vector<std::byte>(device_bytes));
    OverlayDevice overlay(below, {});
    std::vector<std::byte> two(2);
    for (const u64 offset : {device_bytes - 1, device_bytes + 1, ~u64{0}}) {
        CAPTURE(offset);
        CHECK_FALSE(overlay.read(offset, two));
        CHECK_FALSE(overlay.discard(offset, 2));
        const auto done = overlay.write(offset, two);
        REQUIRE_FALSE(done);
        CHECK(done.error().message.ends_with("beyond the end"));
    }
    CHECK(overlay.write(device_bytes, {}));
}

TEST_CASE("what is discarded is forgotten by whole blocks, and its place is used again") {
    const TemporaryFolder folder;
    const MemoryDevice below("dev", std::vector<std::byte>(device_bytes));
    // Room for four blocks; more can't be spilled.
    OverlayDevice overlay(below, {.memory_bytes = 4 * block_bytes, .spill_directory = folder / "nowhere"});
    const std::vector<std::byte> ones(3 * block_bytes, std::byte{1});
    for (u64 round = 0; round < 20; ++round) {
        REQUIRE(overlay.write(round * block_bytes, ones));
        REQUIRE(overlay.discard(round * block_bytes, 3 * block_bytes));
    }
    check_reads(overlay, {0, device_bytes}, std::vector<std::byte>(device_bytes));
    REQUIRE(overlay.write(block_bytes, ones));
    REQUIRE(overlay.discard(block_bytes + 1, 3 * block_bytes - 2));
    std::vector<std::byte> out(3 * block_bytes);
    REQUIRE(overlay.read(block_bytes, out));
    CHECK(std::ranges::count(out, std::byte{1}) == 2 * block_bytes);
    // The last block counts as whole though it is short.
    REQUIRE(overlay.write(device_bytes - 1, std::array{std::byte{1}}));
    REQUIRE(overlay.discard(300 * block_bytes, 777));
    REQUIRE(overlay.read(device_bytes - 1, std::span(out).first(1)));
    CHECK(out[0] == std::byte{0});
}

TEST_CASE("what can't be spilled is an error, and what was written before stays") {
    const TemporaryFolder folder;
    const MemoryDevice below("dev", std::vector<std::byte>(device_bytes));
    const std::vector<std::byte> ones(block_bytes, std::byte{1});
    OverlayDevice homeless(below, {.memory_bytes = block_bytes, .spill_directory = folder / "nowhere"});
    REQUIRE(homeless.write(0, ones));
    const auto no_file = homeless.write(block_bytes, ones);
    REQUIRE_FALSE(no_file);
    CHECK(no_file.error().kind == ErrorKind::io);
    CHECK(no_file.error().message ==
          folder / "nowhere" + ": cannot make a temporary file there: No such file or directory");

    OverlayDevice overlay(below, {.memory_bytes = block_bytes, .spill_directory = folder.path()});
    {
        const FileSizeLimit limit(2 * block_bytes);
        for (u64 block = 0; block < 3; ++block) {
            REQUIRE(overlay.write(block * block_bytes, ones));
        }
        const auto full = overlay.write(3 * block_bytes, ones);
        REQUIRE_FALSE(full);
        CHECK(full.error().message == folder.path() + ": cannot write a temporary file there: File too large");
    }
    std::vector<std::byte> expected(device_bytes);
    std::fill_n(expected.begin(), 3 * block_bytes, std::byte{1});
    check_reads(overlay, {0, device_bytes}, expected);
    REQUIRE(overlay.write(3 * block_bytes, ones));
    std::fill_n(expected.begin(), 4 * block_bytes, std::byte{1});
    check_reads(overlay, {0, device_bytes}, expected);
}

TEST_CASE("whole blocks may be written where the device below can't be read; parts of them not") {
    const FaultyDevice below(std::make_unique<MemoryDevice>("dev", std::vector<std::byte>(device_bytes)),
                             {{block_bytes + 100, 1}, {device_bytes - 1, 1}});
    OverlayDevice overlay(below, {});
    const std::vector<std::byte> ones(block_bytes, std::byte{1});
    CHECK_FALSE(overlay.write(block_bytes + 50, std::span(ones).first(5)));
    std::vector<std::byte> out(block_bytes);
    CHECK_FALSE(overlay.read(block_bytes, out));
    REQUIRE(overlay.write(block_bytes, ones));
    REQUIRE(overlay.read(block_bytes, out));
    CHECK(out == ones);
    CHECK_FALSE(overlay.write(device_bytes - 777, std::span(ones).first(776)));
    REQUIRE(overlay.write(device_bytes - 777, std::span(ones).first(777)));
    REQUIRE(overlay.read(device_bytes - 777, std::span(out).first(777)));
}

TEST_CASE("several threads read and write at places that don't overlap, in the same blocks too") {
    const TemporaryFolder folder;
    std::mt19937 random(3);
    const auto before = random_bytes(random, device_bytes);
    MemoryDevice below("dev", before);
    OverlayDevice overlay(below, {.memory_bytes = 100 * block_bytes, .spill_directory = folder.path()});
    constexpr u64 thread_count = 4;
    constexpr u64 piece_bytes = 1000; // four threads take turns: most blocks have pieces of all of them
    std::atomic<u64> failures = 0;
    std::vector<std::jthread> threads;
    for (u64 thread = 0; thread < thread_count; ++thread) {
        threads.emplace_back([&, thread] {
            const std::vector<std::byte> mine(piece_bytes, static_cast<std::byte>(thread));
            std::vector<std::byte> out(piece_bytes);
            for (u64 at = thread * piece_bytes; at + piece_bytes <= device_bytes; at += thread_count * piece_bytes) {
                const bool was_old =
                    overlay.read(at, out) && std::ranges::equal(out, std::span(before).subspan(at, piece_bytes));
                const bool is_new = overlay.write(at, mine) && overlay.read(at, out) && out == mine;
                failures += was_old && is_new ? 0 : 1;
            }
        });
    }
    threads.clear();
    CHECK(failures == 0);
    REQUIRE(overlay.apply(below));
    for (u64 at = 0; at + piece_bytes <= device_bytes; at += piece_bytes) {
        CHECK(below.bytes().part(at + piece_bytes - 1)[0] == static_cast<std::byte>(at / piece_bytes % thread_count));
    }
}

} // namespace overlay_device_test

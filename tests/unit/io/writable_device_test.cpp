// SPDX-License-Identifier: MIT
// Devices that are written: files, memory, and what the tests themselves write to.
#include "libfs/io/memory_device.h"
#include "libfs/io/writable_file.h"
#include "tests/support/crash_states.h"
#include "tests/support/faulty_device.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temporary_folder.h"

#include <array>
#include <map>
#include <set>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace writable_device_test {

namespace {

using btrkit::Bytes;
using btrkit::ErrorKind;
using btrkit::MemoryDevice;
using btrkit::MutableBytes;
using btrkit::Result;
using btrkit::SparseBytes;
using btrkit::u64;
using btrkit::WritableDevice;
using btrkit::WritableFile;
using btrkit::test::DeviceChange;
using btrkit::test::pattern_bytes;
using btrkit::test::TemporaryFolder;
using btrkit::test::write_file;

void check_failure(const Result<void>& done, ErrorKind kind, std::string_view text) {
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == kind);
    CAPTURE(done.error().message);
    CHECK(done.error().message.find(text) != std::string::npos);
}

/// What every writable device promises; it has 10000 bytes.
void check_writes(WritableDevice& device) {
    const auto bytes = pattern_bytes(3000);
    REQUIRE(device.write(7000, bytes));
    REQUIRE(device.flush());
    std::vector<std::byte> out(3000);
    REQUIRE(device.read(7000, out));
    CHECK(out == bytes);
    CHECK(device.write(10000, Bytes{}));

    for (const u64 offset : {u64{7001}, u64{10000}, u64{10001}, ~u64{0} - 2999, ~u64{0}}) {
        CAPTURE(offset);
        check_failure(device.write(offset, bytes), ErrorKind::io, "cannot write at offset");
        check_failure(device.discard(offset, 3000), ErrorKind::io, "beyond the end");
    }
    CHECK(device.size_bytes() == 10000);
    REQUIRE(device.read(7000, out));
    CHECK(out == bytes);

    CHECK(device.discard(7000, 0));
    REQUIRE(device.discard(0, 4096));
    REQUIRE(device.read(7000, out));
    CHECK(out == bytes);
}

TEST_CASE("memory holds what is written") {
    MemoryDevice device("memory", std::vector<std::byte>(10000));
    check_writes(device);
    REQUIRE(device.discard(7000, 3000));
    CHECK(device.bytes() == SparseBytes(10000));
}

TEST_CASE("a file holds what is written") {
    const TemporaryFolder folder;
    write_file(folder / "image", std::vector<std::byte>(10000));
    {
        const auto device = WritableFile::open(folder / "image");
        REQUIRE(device);
        CHECK((*device)->name() == folder / "image");
        check_writes(**device);
    }
    CHECK(std::filesystem::file_size(folder / "image") == 10000);
}

TEST_CASE("what is discarded in a file becomes a hole") {
    const TemporaryFolder folder;
    write_file(folder / "image", pattern_bytes(1 << 20));
    const auto device = WritableFile::open(folder / "image");
    REQUIRE(device);
    REQUIRE((*device)->flush());
    struct stat before{};
    struct stat after{};
    ::stat((folder / "image").c_str(), &before);
    REQUIRE((*device)->discard(0, 512 << 10));
    ::stat((folder / "image").c_str(), &after);
    CHECK(after.st_size == 1 << 20);
    CHECK((after.st_blocks < before.st_blocks || before.st_blocks * 512 < 1 << 20)); // not every host has holes
}

TEST_CASE("a new file has its size and no blocks, and is only made where nothing is") {
    const TemporaryFolder folder;
    const u64 size = u64{1} << 40;
    {
        const auto device = WritableFile::create(folder / "image", size);
        REQUIRE(device);
        CHECK((*device)->size_bytes() == size);
        struct stat status{};
        ::stat((folder / "image").c_str(), &status);
        CHECK(static_cast<u64>(status.st_size) == size);
        CHECK(status.st_blocks == 0);
        CHECK((*device)->write(size - 1, std::array{std::byte{1}}));
    }
    const auto again = WritableFile::create(folder / "image", 5);
    REQUIRE_FALSE(again);
    CHECK(again.error().kind == ErrorKind::usage);
    CHECK(std::filesystem::file_size(folder / "image") == size);

    const auto too_large = WritableFile::create(folder / "huge", ~u64{0});
    REQUIRE_FALSE(too_large);
    CHECK(too_large.error().kind == ErrorKind::io);
    CHECK_FALSE(std::filesystem::exists(folder / "huge"));
}

TEST_CASE("a file grows by zeros and is cut") {
    const TemporaryFolder folder;
    write_file(folder / "image", pattern_bytes(10000));
    const auto device = WritableFile::open(folder / "image");
    REQUIRE(device);
    REQUIRE((*device)->resize(5000));
    check_failure((*device)->write(5000, std::array{std::byte{1}}), ErrorKind::io, "beyond the end");
    REQUIRE((*device)->resize(6000));
    CHECK((*device)->size_bytes() == 6000);
    std::array<std::byte, 1> out{std::byte{1}};
    REQUIRE((*device)->read(5500, out));
    CHECK(out[0] == std::byte{0});
}

TEST_CASE("a file is locked while it is open for writing") {
    const TemporaryFolder folder;
    write_file(folder / "image", pattern_bytes(10000));
    const auto check_in_use = [&] {
        const auto second = WritableFile::open(folder / "image");
        REQUIRE_FALSE(second);
        CHECK(second.error().kind == ErrorKind::refused);
        CHECK(second.error().message == folder / "image" + ": in use by another process");
    };
    {
        const auto first = WritableFile::open(folder / "image");
        REQUIRE(first);
        check_in_use();
    }
    CHECK(WritableFile::open(folder / "image"));
    {
        const auto made = WritableFile::create(folder / "made", 10);
        CHECK_FALSE(WritableFile::open(folder / "made"));
    }

    const int fd = ::open((folder / "image").c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(::flock(fd, LOCK_SH) == 0);
    check_in_use();
    REQUIRE(::flock(fd, LOCK_UN) == 0);
    struct flock one_byte{};
    one_byte.l_type = F_RDLCK;
    one_byte.l_whence = SEEK_SET;
    one_byte.l_start = 203; // within the range that QEMU locks
    one_byte.l_len = 1;
    REQUIRE(::fcntl(fd, F_OFD_SETLK, &one_byte) == 0);
    check_in_use();
    ::close(fd);
    CHECK(WritableFile::open(folder / "image"));
}

TEST_CASE("a lock that the caller holds keeps nobody out but others") {
    const TemporaryFolder folder;
    const auto path = folder / "image";
    write_file(path, pattern_bytes(10000));
    const auto status_in_child = [&](int closed_fd) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(closed_fd);
            ::_exit(WritableFile::open(path) ? 0 : 1);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        return status;
    };
    for (const int how : {LOCK_EX, LOCK_SH}) {
        CAPTURE(how);
        const int held = ::open(path.c_str(), O_RDONLY); // without O_CLOEXEC: as if inherited
        REQUIRE(::flock(held, how) == 0);
        CHECK(WritableFile::open(path));
        CHECK(status_in_child(-1) == 0);
        CHECK(status_in_child(held) == 0); // as systemd-repart starts mkfs
        ::close(held);
    }
    // One that this process took for itself is none.
    const int own = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(::flock(own, LOCK_SH) == 0);
    const auto refused = WritableFile::open(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::refused);
    ::close(own);
}

TEST_CASE("what can't be written to is refused") {
    const TemporaryFolder folder;
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    for (const auto& path : {folder.path(), folder / "fifo", std::string("/dev/null")}) {
        CAPTURE(path);
        const auto device = WritableFile::open(path);
        REQUIRE_FALSE(device);
        CHECK(device.error().kind == ErrorKind::usage);
    }
    const auto missing = WritableFile::open(folder / "missing");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::io);
    CHECK_FALSE(std::filesystem::exists(folder / "missing"));
}

TEST_CASE("a write that the host refuses halfway fails with file, place and reason") {
    const TemporaryFolder folder;
    const auto device = WritableFile::create(folder / "image", 10000);
    REQUIRE(device);
    const btrkit::test::FileSizeLimit limit(6000);
    // 1000 bytes of it are taken before the limit: the rest must be tried, and the place told where it stopped.
    check_failure((*device)->write(5000, pattern_bytes(3000)), ErrorKind::io,
                  folder / "image" + ": cannot write at offset 6000: File too large");
    const auto larger = WritableFile::create(folder / "larger", 7000);
    REQUIRE_FALSE(larger);
    CHECK_FALSE(std::filesystem::exists(folder / "larger"));
}

TEST_CASE("the faulty device fails what it was told to fail, and nothing of that arrives") {
    const auto faults = std::make_shared<btrkit::test::DeviceFaults>();
    btrkit::test::FaultyDevice device(std::make_unique<MemoryDevice>("dev", std::vector<std::byte>(100)), {{50, 10}},
                                      faults);
    const std::array bytes{std::byte{1}, std::byte{2}};
    CHECK(device.write(0, bytes));
    check_failure(device.write(49, bytes), ErrorKind::io, "dev: cannot write at offset 49");
    CHECK(device.flush());
    CHECK(faults->write_count == 2);
    faults->first_bad_write = 3;
    faults->bad_flush = 1;
    CHECK(device.write(4, bytes));
    CHECK_FALSE(device.write(6, bytes));
    CHECK_FALSE(device.discard(0, 2));
    CHECK_FALSE(device.flush());
    CHECK(device.flush());
    std::array<std::byte, 8> out{};
    REQUIRE(device.read(0, out));
    CHECK(out == std::array{std::byte{1}, std::byte{2}, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{2},
                            std::byte{0}, std::byte{0}});
}

TEST_CASE("crash states hold all that was flushed, and of the rest what survives") {
    using Kind = DeviceChange::Kind;
    const auto record = std::make_shared<btrkit::test::DeviceRecord>();
    btrkit::test::RecordingDevice a(std::make_unique<MemoryDevice>("a", std::vector<std::byte>(4)), record);
    btrkit::test::RecordingDevice b(std::make_unique<MemoryDevice>("b", std::vector<std::byte>(4)), record);
    const std::array one{std::byte{1}};
    const std::array two{std::byte{2}};
    REQUIRE(a.write(0, one));
    REQUIRE(b.write(0, one));
    REQUIRE(a.flush());
    REQUIRE(a.write(1, two));
    REQUIRE(a.discard(0, 1));
    CHECK_FALSE(b.write(4, two));
    const auto& changes = record->changes;
    REQUIRE(changes.size() == 5);
    CHECK(changes[2].kind == Kind::flush);
    CHECK(changes[3].bytes == std::vector(two.begin(), two.end()));
    CHECK(changes[4].place == btrkit::test::DeviceRequest{0, 1});

    // By cut, the states as numbers: a0 a1 b0 b1.
    std::map<std::size_t, std::set<std::string>> states;
    const btrkit::test::DeviceContents empty{{"a", SparseBytes(2)}, {"b", SparseBytes(2)}};
    const auto count = btrkit::test::for_each_crash_state(
        empty, changes, {.subsets = 64, .torn = 0}, [&](const btrkit::test::CrashState& state) {
            std::string digits;
            for (const auto& [name, bytes] : state.contents) {
                for (const auto byte : bytes.part(0)) {
                    digits += std::to_string(std::to_integer<int>(byte));
                }
            }
            states[state.cut].insert(digits);
        });
    CHECK(count == 1 + 5 * 66);
    CHECK(states[0] == std::set<std::string>{"0000"});
    CHECK(states[1] == std::set<std::string>{"0000", "1000"});
    CHECK(states[2] == std::set<std::string>{"0000", "1000", "0010", "1010"});
    CHECK(states[3] == std::set<std::string>{"1000", "1010"});
    CHECK(states[4] == std::set<std::string>{"1000", "1010", "1200", "1210"});
    CHECK(states[5] == std::set<std::string>{"1000", "1010", "1200", "1210", "0000", "0010", "0200", "0210"});
}

TEST_CASE("crash states tear writes between sectors, and only there") {
    const auto record = std::make_shared<btrkit::test::DeviceRecord>();
    btrkit::test::RecordingDevice device(std::make_unique<MemoryDevice>("a", std::vector<std::byte>(2048)), record);
    REQUIRE(device.write(256, std::vector<std::byte>(1024, std::byte{1}))); // parts of three sectors
    std::set<std::string> seen;
    btrkit::test::for_each_crash_state({{"a", SparseBytes(2048)}}, record->changes, {.subsets = 0, .torn = 64},
                                       [&](const btrkit::test::CrashState& state) {
                                           std::string runs; // as written or not: 256 bytes a letter
                                           const auto bytes = state.contents.at("a").part(0);
                                           for (std::size_t at = 0; at < bytes.size(); at += 256) {
                                               const auto run = bytes.subspan(at, 256);
                                               CHECK(std::ranges::count(run, run.front()) == 256);
                                               runs += run.front() == std::byte{1} ? 'x' : '.';
                                           }
                                           seen.insert(runs);
                                       });
    CHECK(seen == std::set<std::string>{"........", ".x......", "..xx....", "....x...", ".xxx....", ".x..x...",
                                        "..xxx...", ".xxxx..."});
}

} // namespace

} // namespace writable_device_test

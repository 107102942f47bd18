// SPDX-License-Identifier: MIT
// Devices: what they are opened from, what they read, and what they refuse.
#include "libfs/io/file_device.h"
#include "libfs/io/memory_device.h"
#include "libfs/io/new_file_place.h"
#include "libfs/io/writable_file.h"
#include "tests/support/temporary_folder.h"

#include <array>
#include <filesystem>

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace device_test {

namespace {

using btrkit::Bytes;
using btrkit::check_new_file_place;
using btrkit::ErrorKind;
using btrkit::FileDevice;
using btrkit::MemoryDevice;
using btrkit::MutableBytes;
using btrkit::u64;
using btrkit::WritableFile;
using btrkit::test::pattern_bytes;
using btrkit::test::write_file;
using Folder = btrkit::test::TemporaryFolder;

/// What every device promises of its reads.
void check_reads(const btrkit::BlockDevice& device, const std::vector<std::byte>& content) {
    CHECK(device.size_bytes() == content.size());
    std::vector<std::byte> out(100);
    REQUIRE(device.read(50, out));
    CHECK(std::equal(out.begin(), out.end(), content.begin() + 50));
    REQUIRE(device.read(content.size() - out.size(), out));
    CHECK(std::equal(out.rbegin(), out.rend(), content.rbegin()));
    CHECK(device.read(0, MutableBytes{}));

    for (const u64 offset : {content.size() - 99, content.size(), content.size() + 1, ~u64{0} - 10, ~u64{0}}) {
        CAPTURE(offset);
        const auto got = device.read(offset, out);
        REQUIRE_FALSE(got);
        CHECK(got.error().kind == ErrorKind::io);
        CHECK(got.error().message.find(device.name()) != std::string::npos);
    }
}

/// More buffers than one system call takes, some of them empty.
void check_scattered_reads(const btrkit::BlockDevice& device, const std::vector<std::byte>& content) {
    std::vector<std::vector<std::byte>> buffers(2000);
    std::vector<MutableBytes> outs;
    std::size_t total = 0;
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        buffers[i].resize(i % 4);
        outs.emplace_back(buffers[i]);
        total += buffers[i].size();
    }
    REQUIRE(total + 10 <= content.size());
    REQUIRE(device.read_scattered(10, outs));
    std::vector<std::byte> joined;
    for (const auto& buffer : buffers) {
        joined.insert(joined.end(), buffer.begin(), buffer.end());
    }
    CHECK(std::equal(joined.begin(), joined.end(), content.begin() + 10));
    CHECK_FALSE(device.read_scattered(content.size() - total + 1, outs));
    device.prefetch(0, content.size());
    device.prefetch(~u64{0} - 4096, ~u64{0});
}

TEST_CASE("a file reads as its bytes") {
    const Folder folder;
    const auto content = pattern_bytes(10000);
    write_file(folder / "image", content);
    const auto device = FileDevice::open(folder / "image");
    REQUIRE(device);
    CHECK((*device)->name() == folder / "image");
    check_reads(**device, content);
    check_scattered_reads(**device, content);
}

TEST_CASE("memory reads as its bytes") {
    const auto content = pattern_bytes(10000);
    const MemoryDevice device("memory", content);
    check_reads(device, content);
    check_scattered_reads(device, content);
}

TEST_CASE("a file that shrinks after opening fails to read, and does not wait") {
    const Folder folder;
    write_file(folder / "image", pattern_bytes(10000));
    const auto device = FileDevice::open(folder / "image");
    REQUIRE(device);
    std::filesystem::resize_file(folder / "image", 5000);
    std::array<std::byte, 100> out;
    CHECK((*device)->read(0, out));
    const auto got = (*device)->read(4950, out);
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == ErrorKind::io);
}

TEST_CASE("an empty file opens, and has nothing to read") {
    const Folder folder;
    write_file(folder / "image", Bytes{});
    const auto device = FileDevice::open(folder / "image");
    REQUIRE(device);
    CHECK((*device)->size_bytes() == 0);
    std::array<std::byte, 1> out;
    CHECK_FALSE((*device)->read(0, out));
}

TEST_CASE("what is not there fails as i/o") {
    const Folder folder;
    const auto device = FileDevice::open(folder / "no\nsuch");
    REQUIRE_FALSE(device);
    CHECK(device.error().kind == ErrorKind::io);
    CHECK(device.error().message.find("no\\nsuch") != std::string::npos);
}

TEST_CASE("a stream is no device, and no file is made where devices stand") {
    const auto stream = FileDevice::open("-");
    REQUIRE_FALSE(stream);
    CHECK(stream.error().kind == ErrorKind::usage);
    CHECK(stream.error().message == "-: no stream can be used here, only a file or device (./- is a file named so)");
    for (const auto* path : {"-", "/dev/btrkit-none", "/dev/../dev/block/btrkit-none", "//dev/btrkit-none"}) {
        const auto made = WritableFile::create(path, 4096);
        REQUIRE_FALSE_MESSAGE(made, path);
        CHECK(made.error().kind == ErrorKind::usage);
        CHECK_FALSE(std::filesystem::exists(path));
    }
    CHECK(check_new_file_place("./-"));
    CHECK(check_new_file_place("/dev/shm/btrkit-image"));
    CHECK(check_new_file_place("/device/image"));
}

TEST_CASE("what is neither a file nor a block device is refused as usage") {
    const Folder folder;
    std::filesystem::create_directory(folder / "folder");
    // Nobody writes to the fifo: opening it must not wait for that.
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    for (const auto& path : {folder / "folder", folder / "fifo", std::string("/dev/null")}) {
        CAPTURE(path);
        const auto device = FileDevice::open(path);
        REQUIRE_FALSE(device);
        CHECK(device.error().kind == ErrorKind::usage);
        CHECK(device.error().message.find(path) != std::string::npos);
    }
}

} // namespace

} // namespace device_test

// SPDX-License-Identifier: MIT
// Ranges of files as devices: nothing outside is reached, and a file is locked once for all of its ranges.
#include "libfs/io/image.h"
#include "tests/support/temporary_folder.h"

#include <limits>

#include <doctest/doctest.h>

namespace window_test {

namespace {

using namespace btrkit;
using btrkit::test::pattern_bytes;
using btrkit::test::TemporaryFolder;
using btrkit::test::write_file;

constexpr u64 file_bytes = 10000;

ImagePlace place_in(const TemporaryFolder& folder, u64 offset, std::optional<u64> length_bytes) {
    return {.path = folder / "disk", .name = "disk@x", .offset = offset, .length_bytes = length_bytes};
}

std::vector<std::byte> bytes_of(const std::string& path) {
    const auto device = open_image(ImagePlace::whole(path));
    REQUIRE(device);
    std::vector<std::byte> bytes((*device)->size_bytes());
    REQUIRE((*device)->read(0, bytes));
    return bytes;
}

} // namespace

TEST_CASE("a range reads as a device of its own") {
    const TemporaryFolder folder;
    const auto bytes = pattern_bytes(file_bytes);
    write_file(folder / "disk", bytes);
    const auto device = open_image(place_in(folder, 1000, 500));
    REQUIRE(device);
    CHECK((*device)->size_bytes() == 500);
    CHECK((*device)->name() == "disk@x");
    std::vector<std::byte> read(500);
    REQUIRE((*device)->read(0, read));
    CHECK(std::ranges::equal(read, std::span(bytes).subspan(1000, 500)));
    const std::vector<MutableBytes> parts = {MutableBytes(read).first(100), MutableBytes(read).subspan(100, 50)};
    REQUIRE((*device)->read_scattered(350, parts));
    CHECK(std::ranges::equal(std::span(read).first(150), std::span(bytes).subspan(1350, 150)));
    CHECK_FALSE((*device)->read(1, read));
    CHECK_FALSE((*device)->read_scattered(351, parts));
    CHECK_FALSE((*device)->read(std::numeric_limits<u64>::max(), std::span(read).first(1)));
    (*device)->prefetch(400, std::numeric_limits<u64>::max());
    const auto rest = open_image(place_in(folder, 9000, std::nullopt));
    REQUIRE(rest);
    CHECK((*rest)->size_bytes() == 1000);
}

TEST_CASE("a range that is not all in the file is wrong usage") {
    const TemporaryFolder folder;
    write_file(folder / "disk", pattern_bytes(file_bytes));
    constexpr u64 last = std::numeric_limits<u64>::max();
    const std::pair<u64, std::optional<u64>> wrong[] = {{10000, {}}, {9000, 1001}, {last, 1}, {1, last}, {0, last}};
    for (const auto& [offset, length] : wrong) {
        CAPTURE(offset);
        const auto read = open_image(place_in(folder, offset, length));
        REQUIRE_FALSE(read);
        CHECK(read.error().kind == ErrorKind::usage);
        CHECK(read.error().message.starts_with("disk@x: "));
        CHECK_FALSE(ImageWriter().open(place_in(folder, offset, length)));
    }
}

TEST_CASE("nothing outside of a range is written, whatever is tried") {
    const TemporaryFolder folder;
    const auto before = pattern_bytes(file_bytes);
    write_file(folder / "disk", before);
    {
        auto image = ImageWriter().open(place_in(folder, 3000, 2000));
        REQUIRE(image);
        auto& device = image->device();
        const std::vector<std::byte> ones(2000, std::byte{1});
        CHECK(device.write(0, ones));
        CHECK_FALSE(device.write(1, ones));
        CHECK_FALSE(device.write(2000, std::span(ones).first(1)));
        CHECK_FALSE(device.write(std::numeric_limits<u64>::max() - 10, std::span(ones).first(20)));
        CHECK(device.discard(0, 2000));
        CHECK_FALSE(device.discard(0, 2001));
        CHECK_FALSE(device.clone(-1, 0, 2001, 0));
        CHECK_FALSE(image->resize(5000));
        CHECK(device.flush());
    }
    const auto after = bytes_of(folder / "disk");
    REQUIRE(after.size() == before.size());
    CHECK(std::ranges::equal(std::span(after).first(3000), std::span(before).first(3000)));
    CHECK(std::ranges::equal(std::span(after).subspan(5000), std::span(before).subspan(5000)));
}

TEST_CASE("ranges of one file share it, and it is locked for all others") {
    const TemporaryFolder folder;
    write_file(folder / "disk", pattern_bytes(file_bytes));
    std::filesystem::create_symlink(folder / "disk", folder / "link");
    ImageWriter writer;
    auto first = writer.open(place_in(folder, 0, 1000));
    REQUIRE(first);
    auto second = writer.open({.path = folder / "link", .name = "link@x", .offset = 1000, .length_bytes = 1000});
    REQUIRE(second);
    const auto other = ImageWriter().open(place_in(folder, 5000, 10));
    REQUIRE_FALSE(other);
    CHECK(other.error().kind == ErrorKind::refused);
    // A device keeps the lock by itself.
    const auto device = std::move(*second).take_device();
    CHECK_FALSE(ImageWriter().open(ImagePlace::whole(folder / "disk")));
}

TEST_CASE("places overlap by what the files are, not by their paths") {
    const TemporaryFolder folder;
    write_file(folder / "disk", pattern_bytes(file_bytes));
    write_file(folder / "other", pattern_bytes(file_bytes));
    std::filesystem::create_hard_link(folder / "disk", folder / "link");
    const auto overlap = [](const ImagePlace& a, const ImagePlace& b) {
        const std::vector places = {a, b};
        return find_overlap(places).has_value();
    };
    const auto link = ImagePlace{.path = folder / "link", .name = "", .offset = 1000, .length_bytes = 1000};
    CHECK(overlap(place_in(folder, 0, 1001), link));
    CHECK(overlap(link, ImagePlace::whole(folder / "disk")));
    CHECK(overlap(place_in(folder, 1999, {}), link));
    CHECK_FALSE(overlap(place_in(folder, 0, 1000), link));
    CHECK_FALSE(overlap(place_in(folder, 2000, {}), link));
    CHECK_FALSE(overlap(link, ImagePlace::whole(folder / "other")));
    CHECK_FALSE(overlap(ImagePlace::whole(folder / "none"), ImagePlace::whole(folder / "none")));
}

TEST_CASE("a whole file can be resized while it is open") {
    const TemporaryFolder folder;
    write_file(folder / "disk", "");
    auto image = ImageWriter().open(ImagePlace::whole(folder / "disk"));
    REQUIRE(image);
    REQUIRE(image->resize(5000));
    CHECK(image->device().size_bytes() == 5000);
    CHECK(image->device().write(4000, pattern_bytes(1000)));
    CHECK(std::filesystem::file_size(folder / "disk") == 5000);
}

} // namespace window_test

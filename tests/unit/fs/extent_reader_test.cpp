// SPDX-License-Identifier: MIT
// The bytes of extents, in the caller's memory: of all kinds, in parts, proven, and never of another extent.
#include "libfs/fs/extent_reader.h"
#include "tests/support/extent_content.h"
#include "tests/support/open_filesystem.h"

#include <doctest/doctest.h>

namespace extent_reader_test {

using namespace btrkit;
using namespace btrkit::test;
using btrfs::Compression;

namespace {

FileExtent extent_at(u64 disk, u64 disk_bytes, u64 ram_bytes, Compression compression = Compression::none) {
    return {.kind = ExtentKind::regular,
            .offset = 0,
            .length = round_up(ram_bytes, sector),
            .compression = compression,
            .ram_bytes = ram_bytes,
            .disk = {disk},
            .disk_num_bytes = round_up(disk_bytes, sector)};
}

FileExtent inline_extent(u64 ram_bytes, const FileImage::Content& stored, Compression compression) {
    return {.kind = ExtentKind::inline_data,
            .offset = 0,
            .length = round_up(ram_bytes, sector),
            .compression = compression,
            .ram_bytes = ram_bytes,
            .inline_bytes = stored};
}

struct Read {
    FileImage::Content content = {};
    std::optional<Error> error = {};
};

/// Into memory that holds something else.
Read read(ExtentReader& reader, const FileExtent& extent, u64 from, u64 length, bool verify = true) {
    Read read{.content = FileImage::Content(length, std::byte{0xee})};
    if (auto done = reader.read(extent, verify, from, read.content); !done) {
        read.error = done.error();
    }
    return read;
}

/// [from, from + length) of content, zeros where it ends before.
FileImage::Content part_of(FileImage::Content content, u64 from, u64 length) {
    content.resize(std::max<u64>(content.size(), from + length));
    return {content.begin() + static_cast<std::ptrdiff_t>(from),
            content.begin() + static_cast<std::ptrdiff_t>(from + length)};
}

} // namespace

TEST_CASE("extent reader: plain extents, in any order") {
    FileImage image(0);
    const auto content = noise(20 * sector);
    auto extent = extent_at(image.put_data(content), content.size(), content.size());
    image.finish();
    const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    ExtentReader reader(filesystem);
    CHECK(read(reader, extent, 0, 20 * sector).content == content);
    CHECK(read(reader, extent, 7 * sector, 5 * sector).content == part_of(content, 7 * sector, 5 * sector));
    extent.offset_in_extent = 2 * sector;
    extent.length = 3 * sector;
    CHECK(read(reader, extent, sector, 2 * sector).content == part_of(content, 3 * sector, 2 * sector));
}

TEST_CASE("extent reader: compressed extents, whole, in parts, and one after the other") {
    for (const auto algorithm : algorithms) {
        FileImage image(0);
        const auto content = text_of(32 * sector);
        auto other_content = text_of(16 * sector + 30);
        std::ranges::reverse(other_content);
        const auto packed = packed_of(algorithm, content);
        const auto other_packed = packed_of(algorithm, other_content);
        const auto extent = extent_at(image.put_data(packed), packed.size(), content.size(), algorithm);
        const auto other =
            extent_at(image.put_data(other_packed), other_packed.size(), other_content.size(), algorithm);
        image.finish();
        const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
        ExtentReader reader(filesystem);
        for (const auto& [from, length] : {std::pair{0U, 32U}, {0, 3}, {31, 1}, {5, 20}}) {
            CHECK(read(reader, extent, from * sector, length * sector).content ==
                  part_of(content, from * sector, length * sector));
            CHECK(read(reader, other, 2 * sector, 3 * sector).content ==
                  part_of(other_content, 2 * sector, 3 * sector));
            CHECK(read(reader, other, 16 * sector, sector).content ==
                  part_of(other_content, 16 * sector, sector)); // zeros behind its bytes
        }
        auto shifted = extent;
        shifted.offset_in_extent = 8 * sector;
        shifted.length = 4 * sector;
        CHECK(read(reader, shifted, sector, 3 * sector).content == part_of(content, 9 * sector, 3 * sector));
    }
}

TEST_CASE("extent reader: inline extents, and zeros behind them") {
    FileImage image(0);
    image.put_data(noise(1));
    image.finish();
    const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    ExtentReader reader(filesystem);
    const auto content = text_of(sector + 500);
    for (const auto algorithm : {Compression::none, Compression::zlib, Compression::lzo, Compression::zstd}) {
        const auto extent = inline_extent(
            content.size(), algorithm == Compression::none ? content : packed_of(algorithm, content), algorithm);
        CHECK(read(reader, extent, 0, 2 * sector).content == part_of(content, 0, 2 * sector));
        CHECK(read(reader, extent, 0, sector).content == part_of(content, 0, sector));
        CHECK(read(reader, extent, sector, sector).content == part_of(content, sector, sector));
    }
    // Stored bytes may be more or fewer than they say.
    CHECK(read(reader, inline_extent(100, noise(300), Compression::none), 0, sector).content ==
          part_of(part_of(noise(300), 0, 100), 0, sector));
    CHECK(read(reader, inline_extent(300, noise(100), Compression::none), 0, sector).content ==
          part_of(noise(100), 0, sector));
}

TEST_CASE("extent reader: parts of a compressed extent are unpacked once, until it is told to forget") {
    FileImage image(btrfs::block_group_dup);
    const auto content = text_of(32 * sector);
    const auto packed = packed_of(Compression::zstd, content);
    const auto extent = extent_at(image.put_data(packed), packed.size(), content.size(), Compression::zstd);
    image.finish();
    flip(image, extent.disk.bytenr, 1);
    const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    Problems reported;
    ExtentReader reader(filesystem, into(reported));
    CHECK(read(reader, extent, 0, 3 * sector).content == part_of(content, 0, 3 * sector));
    CHECK(read(reader, extent, 3 * sector, 3 * sector).content == part_of(content, 3 * sector, 3 * sector));
    CHECK(reported.size() == 1);
    reader.forget();
    CHECK(read(reader, extent, 6 * sector, 3 * sector).content == part_of(content, 6 * sector, 3 * sector));
    CHECK(reported.size() == 2);
}

TEST_CASE("extent reader: what was not proven does not stand in for what is to be") {
    FileImage image(0);
    auto content = text_of(32 * sector);
    const auto packed = packed_of(Compression::zlib, content);
    const auto extent = extent_at(image.put_data(packed), packed.size(), content.size(), Compression::zlib);
    image.drop_checksum(extent.disk.bytenr);
    image.finish();
    const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    ExtentReader reader(filesystem);
    CHECK_FALSE(read(reader, extent, sector, sector, false).error);
    const auto proven = read(reader, extent, sector, sector, true);
    REQUIRE(proven.error);
    CHECK(proven.error->kind == ErrorKind::damaged);
    CHECK_FALSE(read(reader, extent, sector, sector, false).error);
}

TEST_CASE("extent reader: damage is an error, and the next extent is read all the same") {
    FileImage image(0);
    const auto content = text_of(32 * sector);
    const auto packed = packed_of(Compression::lzo, content);
    const auto good = extent_at(image.put_data(packed), packed.size(), content.size(), Compression::lzo);
    const auto malformed = extent_at(image.put_data(noise(2 * sector)), 2 * sector, 8 * sector, Compression::lzo);
    image.finish();
    const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    ExtentReader reader(filesystem);
    CHECK(read(reader, good, sector, sector).content == part_of(content, sector, sector));
    for (const u64 length : {u64{1}, u64{8}}) {
        const auto bad = read(reader, malformed, 0, length * sector);
        REQUIRE(bad.error);
        CHECK(bad.error->kind == ErrorKind::damaged);
        CHECK(read(reader, good, sector, sector).content == part_of(content, sector, sector));
    }
}

} // namespace extent_reader_test

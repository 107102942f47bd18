// SPDX-License-Identifier: MIT
// The extents of files: every kind, holes with and without items, and what must be refused.
#include "tests/unit/fs/file_reading.h"

#include "formats/btrfs/item_types.h"

#include <functional>

namespace file_extents_test {

using namespace btrkit;
using namespace btrkit::test;
using btrfs::FileExtentType;

namespace {

struct Seen {
    ExtentKind kind;
    u64 offset;
    u64 length;

    friend bool operator==(const Seen&, const Seen&) = default;
};

Result<std::vector<FileExtent>> extents_of(FileImage& image) {
    image.finish();
    const auto file = open_file(image);
    FileExtents extents(file.filesystem, file.place, file.inode);
    std::vector<FileExtent> all;
    auto extent = extents.next();
    for (; extent && *extent; extent = extents.next()) {
        all.push_back(**extent);
    }
    return extent ? Result<std::vector<FileExtent>>(all) : std::unexpected(extent.error());
}

std::vector<Seen> seen_in(FileImage& image) {
    const auto extents = extents_of(image);
    REQUIRE_MESSAGE(extents, extents.error().message);
    std::vector<Seen> all;
    for (const auto& extent : *extents) {
        all.push_back({extent.kind, extent.offset, extent.length});
    }
    return all;
}

constexpr u64 somewhere = u64{64} << 20;

FileImage::Range range(u64 at, u64 sectors, FileExtentType type = FileExtentType::regular) {
    return {.file_offset = at * sector,
            .disk = somewhere,
            .disk_bytes = sectors * sector,
            .length = sectors * sector,
            .ram_bytes = sectors * sector,
            .type = type};
}

FileImage::Range hole(u64 at, u64 sectors) {
    return {.file_offset = at * sector, .length = sectors * sector, .ram_bytes = sectors * sector};
}

FileImage image_of(u64 size, const std::vector<FileImage::Range>& ranges) {
    FileImage image(0);
    image.add_file(file_inode, size);
    for (const auto& one : ranges) {
        image.add_extent(file_inode, one);
    }
    return image;
}

} // namespace

TEST_CASE("file extents: holes are told whether items tell of them or not") {
    const std::vector<Seen> wanted = {{ExtentKind::hole, 0, 2 * sector},
                                      {ExtentKind::regular, 2 * sector, sector},
                                      {ExtentKind::hole, 3 * sector, 3 * sector},
                                      {ExtentKind::prealloc, 6 * sector, 2 * sector},
                                      {ExtentKind::hole, 8 * sector, sector + 5}};
    const std::vector<FileImage::Range> stored = {range(2, 1), range(6, 2, FileExtentType::prealloc)};
    auto without = image_of(9 * sector + 5, stored);
    CHECK(seen_in(without) == wanted);
    auto all = stored;
    for (const auto& one : {hole(0, 1), hole(1, 1), hole(3, 3), hole(8, 2)}) {
        all.push_back(one);
    }
    auto with = image_of(9 * sector + 5, all);
    CHECK(seen_in(with) == wanted);
}

TEST_CASE("file extents: nothing is told behind the end of the file") {
    auto none = image_of(0, {range(0, 1, FileExtentType::prealloc)});
    CHECK(seen_in(none).empty());
    auto cut = image_of(sector + 1, {range(0, 2), range(2, 3, FileExtentType::prealloc)});
    CHECK(seen_in(cut) == std::vector<Seen>{{ExtentKind::regular, 0, sector + 1}});
    auto in_hole = image_of(sector, {range(5, 1)});
    CHECK(seen_in(in_hole) == std::vector<Seen>{{ExtentKind::hole, 0, sector}});
    auto huge = image_of(~u64{0} >> 1, {});
    CHECK(seen_in(huge) == std::vector<Seen>{{ExtentKind::hole, 0, ~u64{0} >> 1}});
    auto beyond = image_of(~u64{0}, {range(u64{1} << 49, 1)});
    CHECK(seen_in(beyond).size() == 3);
}

TEST_CASE("file extents: an inline extent is followed by zeros to the end of its sector") {
    FileImage image(0);
    image.add_file(file_inode, 3 * sector);
    image.add_inline(file_inode, 100, 0, noise(100));
    image.add_extent(file_inode, range(2, 1));
    const auto extents = extents_of(image);
    REQUIRE(extents);
    REQUIRE(extents->size() == 3);
    const auto& first = extents->front();
    CHECK(first.kind == ExtentKind::inline_data);
    CHECK(first.length == sector);
    CHECK(first.ram_bytes == 100);
    CHECK(first.inline_bytes == noise(100));
    CHECK((*extents)[1].kind == ExtentKind::hole);
}

TEST_CASE("file extents: what an item says of its place is told") {
    auto image = image_of(2 * sector, {{.file_offset = 0,
                                        .disk = somewhere,
                                        .disk_bytes = 3 * sector,
                                        .offset = 4 * sector,
                                        .length = 2 * sector,
                                        .ram_bytes = 8 * sector,
                                        .compression = 3}});
    const auto extents = extents_of(image);
    REQUIRE_MESSAGE(extents, extents.error().message);
    REQUIRE(extents->size() == 1);
    const auto& extent = extents->front();
    CHECK(extent.disk == Logical{somewhere});
    CHECK(extent.disk_num_bytes == 3 * sector);
    CHECK(extent.offset_in_extent == 4 * sector);
    CHECK(extent.ram_bytes == 8 * sector);
    CHECK(extent.compression == btrfs::Compression::zstd);
    CHECK(extent.generation == 7);
}

TEST_CASE("file extents: what is impossible is damage, naming the item") {
    const std::vector<std::function<void(FileImage::Range&)>> changes = {
        [](auto& one) { one.disk += 1; },
        [](auto& one) { one.disk_bytes += 1; },
        [](auto& one) { one.disk_bytes = sector; },
        [](auto& one) { one.disk = ~u64{0} - sector + 1; },
        [](auto& one) { one.offset = 512; },
        [](auto& one) { one.offset = sector; },
        [](auto& one) { one.offset = ~u64{0} - sector + 1; },
        [](auto& one) { one.length = 0; },
        [](auto& one) { one.length = 100; },
        [](auto& one) { one.length = ~u64{0} - sector + 1; },
        [](auto& one) { one.file_offset = 7; },
        [](auto& one) { one.file_offset = ~u64{0} - sector + 1; },
        [](auto& one) { one.type = static_cast<FileExtentType>(3); },
        [](auto& one) { one.compression = 1, one.ram_bytes = sector; },
        [](auto& one) { one.compression = 1, one.ram_bytes = 33 * sector; },
        [](auto& one) { one.compression = 1, one.disk_bytes = 33 * sector; },
        [](auto& one) { one.compression = 1, one.ram_bytes = ~u64{0}; },
    };
    for (const auto& change : changes) {
        CAPTURE(&change - changes.data());
        auto one = range(0, 2);
        change(one);
        auto image = image_of(~u64{0}, {one});
        const auto extents = extents_of(image);
        REQUIRE_FALSE(extents);
        CHECK(extents.error().kind == ErrorKind::damaged);
        CHECK(extents.error().message.find("(257 EXTENT_DATA") != std::string::npos);
    }
}

TEST_CASE("file extents: overlaps are damage, with holes too") {
    for (const auto& ranges : std::vector<std::vector<FileImage::Range>>{
             {range(0, 2), range(1, 1)}, {hole(0, 2), range(1, 1)}, {range(0, 2), hole(1, 4)}}) {
        auto image = image_of(9 * sector, ranges);
        const auto extents = extents_of(image);
        REQUIRE_FALSE(extents);
        CHECK(extents.error().message.find("[item-file-extent-overlap]") != std::string::npos);
    }
}

TEST_CASE("file extents: short items, impossible inline extents and unknown encodings are refused") {
    const auto refused = [](const std::function<void(FileImage&)>& fill) {
        FileImage image(0);
        image.add_file(file_inode, 9 * sector);
        fill(image);
        const auto extents = extents_of(image);
        REQUIRE_FALSE(extents);
        return extents.error().kind;
    };
    const btrfs::Key key{file_inode, btrfs::item_type::extent_data, 0};
    CHECK(refused([&](auto& image) { image.add_item(key, noise(20)); }) == ErrorKind::damaged);
    CHECK(refused([&](auto& image) {
              btrfs::FileExtentHead head;
              head.type = static_cast<u8>(FileExtentType::regular);
              image.add_item(key, bytes_from(head, "too short"));
          }) == ErrorKind::damaged);
    CHECK(refused([&](auto& image) { image.add_inline(file_inode, 0, 0, noise(3)); }) == ErrorKind::damaged);
    CHECK(refused([&](auto& image) { image.add_inline(file_inode, ~u64{0}, 0, noise(3)); }) == ErrorKind::damaged);
    CHECK(refused([&](auto& image) { image.add_inline(file_inode, 3, 4, noise(3)); }) == ErrorKind::unsupported);
    CHECK(refused([&](auto& image) {
              btrfs::FileExtentHead head;
              head.encryption = 1;
              image.add_item(key, bytes_from(head, btrfs::FileExtentRange{}));
          }) == ErrorKind::unsupported);
}

} // namespace file_extents_test

// SPDX-License-Identifier: MIT
// File data: plain, packed and inline, proven by checksums, from whichever copy is good.
#include "tests/support/faulty_device.h"
#include "tests/unit/fs/file_reading.h"

namespace file_data_test {

using namespace btrkit;
using namespace btrkit::test;
using btrfs::Compression;

namespace {

/// A file of a few sectors in one extent; the address of its data.
u64 add_plain_file(FileImage& image, const FileImage::Content& content, u64 flags = 0) {
    const u64 disk = image.put_data(content);
    const u64 bytes = round_up(content.size(), sector);
    image.add_file(file_inode, content.size(), flags);
    image.add_extent(file_inode, {.disk = disk, .disk_bytes = bytes, .length = bytes, .ram_bytes = bytes});
    return disk;
}

} // namespace

TEST_CASE("file data: a plain file, in runs that are not too long") {
    for (const std::size_t size : {1, 4095, 4096, 4097, 40000, 1 << 20, (1 << 20) + 1, 1300000}) {
        FileImage image(0);
        const auto content = noise(size);
        add_plain_file(image, content);
        image.finish();
        const auto read = read_file(image);
        REQUIRE_FALSE(read.error);
        CHECK(read.content == content);
        CHECK(read.runs.size() == (size > FileReader::most_run_bytes ? 2 : 1));
        CHECK(read.reported.empty());
    }
}

TEST_CASE("file data: parts of extents, holes and preallocated ranges in their places") {
    FileImage image(0);
    const auto data = noise(10 * sector);
    const u64 disk = image.put_data(data);
    const auto part = [&](u64 at, u64 offset, u64 length, btrfs::FileExtentType type) {
        image.add_extent(file_inode, {.file_offset = at * sector,
                                      .disk = disk,
                                      .disk_bytes = 10 * sector,
                                      .offset = offset * sector,
                                      .length = length * sector,
                                      .ram_bytes = 10 * sector,
                                      .type = type});
    };
    image.add_file(file_inode, 12 * sector - 10);
    part(1, 3, 2, btrfs::FileExtentType::regular);
    part(3, 0, 1, btrfs::FileExtentType::regular);
    part(4, 5, 2, btrfs::FileExtentType::prealloc);
    part(9, 7, 3, btrfs::FileExtentType::regular);
    image.finish();
    const auto read = read_file(image);
    REQUIRE_FALSE(read.error);
    FileImage::Content wanted(12 * sector);
    const auto copy = [&](u64 at, u64 offset, u64 length) {
        std::copy_n(data.begin() + offset * sector, length * sector, wanted.begin() + at * sector);
    };
    copy(1, 3, 2);
    copy(3, 0, 1);
    copy(9, 7, 3);
    wanted.resize(12 * sector - 10);
    CHECK(read.content == wanted);
}

TEST_CASE("file data: packed extents, whole and in parts") {
    for (const auto algorithm : algorithms) {
        FileImage image(0);
        const auto content = text_of(128 * 1024);
        const auto packed = packed_of(algorithm, content);
        const u64 disk = image.put_data(packed);
        const auto part = [&](u64 at, u64 offset, u64 length) {
            image.add_extent(file_inode, {.file_offset = at * sector,
                                          .disk = disk,
                                          .disk_bytes = round_up(packed.size(), sector),
                                          .offset = offset * sector,
                                          .length = length * sector,
                                          .ram_bytes = content.size(),
                                          .compression = static_cast<u8>(algorithm)});
        };
        image.add_file(file_inode, 41 * sector - 7);
        part(0, 0, 32);
        part(32, 20, 9);
        image.finish();
        const auto read = read_file(image);
        REQUIRE_FALSE_MESSAGE(read.error, read.error->message);
        auto wanted = content;
        wanted.insert(wanted.end(), content.begin() + 20 * sector, content.begin() + 29 * sector - 7);
        CHECK(read.content == wanted);
    }
}

TEST_CASE("file data: inline, plain and packed, and what the file is longer") {
    for (const auto algorithm : {Compression::none, Compression::zlib, Compression::lzo, Compression::zstd}) {
        FileImage image(0);
        const auto content = text_of(1500);
        image.add_file(file_inode, 5000);
        image.add_inline(file_inode, content.size(), static_cast<u8>(algorithm),
                         algorithm == Compression::none ? content : packed_of(algorithm, content));
        image.add_file(file_inode + 1, 900);
        image.add_inline(file_inode + 1, 900, 0, noise(900));
        image.finish();
        auto wanted = content;
        wanted.resize(5000);
        CHECK(read_file(image).content == wanted);
        CHECK(read_file(image, file_inode + 1).content == noise(900));
    }
}

TEST_CASE("file data: one bad copy is repaired from the other, and reported") {
    const auto content = noise(20 * sector);
    for (const unsigned bad : {1U, 2U}) {
        FileImage image(btrfs::block_group_dup);
        const u64 disk = add_plain_file(image, content);
        image.finish();
        flip(image, disk + 3 * sector, bad);
        flip(image, disk + 19 * sector, 3 - bad);
        const auto read = read_file(image);
        REQUIRE_FALSE_MESSAGE(read.error, read.error->message);
        CHECK(read.content == content);
        REQUIRE(read.reported.size() == 1);
        CHECK(read.reported[0].code == ProblemCode::data_checksum);
        CHECK(read.reported[0].place.logical == Logical{disk + (bad == 1 ? 3 : 19) * sector});
        CHECK(read.reported[0].place.mirror == 1);
    }
}

TEST_CASE("file data: with no good copy, the error names inode, offset and address") {
    FileImage image(btrfs::block_group_dup);
    const u64 disk = add_plain_file(image, noise(20 * sector));
    image.finish();
    flip(image, disk + 3 * sector, 1);
    flip(image, disk + 3 * sector, 2);
    const auto read = read_file(image);
    REQUIRE(read.error);
    CHECK(read.error->kind == ErrorKind::damaged);
    const auto& message = read.error->message;
    CHECK_MESSAGE(message.starts_with("inode 257 of tree FS_TREE, file offset 0: [data-checksum]"), message);
    CHECK_MESSAGE(message.find(std::to_string(disk + 3 * sector)) != std::string::npos, message);
    CHECK(read.reported.size() == 2);
}

TEST_CASE("file data: without a checksum there is no proof, unless the file has none") {
    for (const u64 flags : {u64{0}, btrfs::inode_nodatasum}) {
        FileImage image(0);
        const auto content = noise(20 * sector);
        const u64 disk = add_plain_file(image, content, flags);
        image.drop_checksum(disk + 9 * sector);
        image.finish();
        const auto read = read_file(image);
        if (flags == 0) {
            REQUIRE(read.error);
            CHECK(read.error->message.find("[data-csum-missing]") != std::string::npos);
        } else {
            REQUIRE_FALSE(read.error);
            CHECK(read.content == content);
        }
    }
}

TEST_CASE("file data: a lost leaf of checksums is damage") {
    FileImage image(0);
    add_plain_file(image, noise(200 * sector));
    image.finish();
    const auto leaves = blocks_in_order(image.checksums(), WalkOrder::leaves_only);
    REQUIRE(leaves.size() > 3);
    image.image().spoil(leaves[2]->address());
    const auto read = read_file(image);
    REQUIRE(read.error);
    CHECK(read.error->kind == ErrorKind::damaged);
    CHECK(read.error->message.find("[block-checksum]") != std::string::npos);
}

TEST_CASE("file data: what can't be read from one device comes from another") {
    FileImage image(btrfs::block_group_raid1);
    const auto content = noise(20 * sector);
    const u64 disk = add_plain_file(image, content);
    image.finish();
    const auto& chunk = image.image().chunks().at(1);
    const auto faulty_at = [&](u64 devid, u64 number) {
        const auto& stripe = chunk.stripes.at(devid - 1);
        const u64 physical = stripe.offset + (disk - chunk.start.bytenr) + number * sector;
        return std::make_unique<FaultyDevice>(image.image().device(devid),
                                              std::vector<FaultyDevice::Range>{{physical, sector}});
    };
    auto opened = open_filesystem(list<std::unique_ptr<BlockDevice>>(faulty_at(1, 4), faulty_at(2, 11)));
    const auto tree = opened.filesystem.find_tree(btrfs::fs_tree_id);
    REQUIRE(tree);
    const InodePlace place{.tree = *tree, .inode = file_inode};
    const auto inode = read_inode(opened.filesystem, place);
    REQUIRE(inode);
    const auto read = read_file(OpenFile{std::move(opened.filesystem), place, *inode});
    REQUIRE_FALSE_MESSAGE(read.error, read.error->message);
    CHECK(read.content == content);
    CHECK(std::ranges::count(codes(read.reported), ProblemCode::data_unreadable) >= 2);
}

TEST_CASE("file data: a packed extent that does not unpack is damage") {
    for (const auto algorithm : algorithms) {
        FileImage image(0);
        const auto packed = noise(2 * sector);
        const u64 disk = image.put_data(packed);
        image.add_file(file_inode, 8 * sector);
        image.add_extent(file_inode, {.disk = disk,
                                      .disk_bytes = 2 * sector,
                                      .length = 8 * sector,
                                      .ram_bytes = 8 * sector,
                                      .compression = static_cast<u8>(algorithm)});
        image.finish();
        const auto read = read_file(image);
        REQUIRE(read.error);
        CHECK(read.error->kind == ErrorKind::damaged);
        CHECK(read.error->message.find("malformed") != std::string::npos);
    }
}

TEST_CASE("file data: an address that no chunk holds is an error") {
    FileImage image(0);
    image.add_file(file_inode, sector);
    image.add_extent(file_inode, {.disk = u64{1} << 50, .disk_bytes = sector, .length = sector, .ram_bytes = sector});
    image.put_data(noise(5));
    image.finish();
    const auto read = read_file(image);
    REQUIRE(read.error);
    CHECK(read.error->kind == ErrorKind::not_found);
}

TEST_CASE("symlinks lead where they say, and never endlessly far") {
    FileImage image(0);
    image.add_file(file_inode, 9);
    image.add_inline(file_inode, 9, 0, bytes_from("../target"));
    image.add_file(file_inode + 1, 4096);
    image.add_file(file_inode + 2, 0);
    image.add_file(file_inode + 3, 9);
    image.add_inline(file_inode + 3, 10, 0, bytes_from(std::string_view("../target\0", 10)));
    image.finish();
    const auto target_of = [&](u64 number) {
        const auto file = open_file(image, number);
        FileReader reader(file.filesystem);
        return read_symlink(reader, file.place, file.inode);
    };
    CHECK(target_of(file_inode) == "../target");
    CHECK(target_of(file_inode + 3) == std::string("../target\0", 10)); // as btrfs-convert stores it
    for (const u64 number : {file_inode + 1, file_inode + 2}) {
        REQUIRE_FALSE(target_of(number));
        CHECK(target_of(number).error().kind == ErrorKind::damaged);
    }
}

} // namespace file_data_test

// SPDX-License-Identifier: MIT
// What is recognised on a device, and how it is wiped. The images are the few bytes by which libblkid knows them.
#include "libfs/io/signature.h"
#include "tests/support/sample_superblock.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>
#include <string_view>

#include <doctest/doctest.h>

namespace signature_test {

namespace {

using btrkit::ErrorKind;
using btrkit::find_signatures;
using btrkit::ImagePlace;
using btrkit::ImageWriter;
using btrkit::wipe_signatures;
using btrkit::test::TemporaryFolder;
using btrkit::test::write_file;

using Image = std::vector<std::byte>;

Image blank() {
    return Image(2 << 20);
}

void put(Image& image, std::size_t offset, std::string_view bytes) {
    std::ranges::copy(std::as_bytes(std::span(bytes)), image.begin() + static_cast<std::ptrdiff_t>(offset));
}

void put_number(Image& image, std::size_t offset, std::uint64_t number, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
        image[offset + i] = static_cast<std::byte>(number >> (8 * i));
    }
}

Image ext4(std::string_view label) {
    Image image = blank();
    const std::size_t super = 1024;
    put_number(image, super + 0x04, 512, 4); // blocks of
    put_number(image, super + 0x18, 2, 4);   // 4 KiB
    put_number(image, super + 0x38, 0xef53, 2);
    put_number(image, super + 0x4c, 1, 4);    // revision
    put_number(image, super + 0x5c, 0x4, 4);  // journal
    put_number(image, super + 0x60, 0x40, 4); // extents
    put(image, super + 0x78, label);
    return image;
}

Image swap_area() {
    Image image = blank();
    put_number(image, 1024, 1, 4);   // version
    put_number(image, 1028, 511, 4); // last page
    put(image, 4086, "SWAPSPACE2");
    return image;
}

Image dos_table() {
    Image image = blank();
    put_number(image, 446 + 4, 0x83, 1); // type
    put_number(image, 446 + 8, 2048, 4); // begin
    put_number(image, 446 + 12, 1024, 4);
    put_number(image, 510, 0xaa55, 2);
    return image;
}

Image btrfs_image() {
    Image image = blank();
    const auto super = btrkit::test::sample_superblock();
    std::ranges::copy(btrkit::as_bytes_of(super), image.begin() + btrfs::superblock_offsets[0]);
    return image;
}

std::optional<std::string> found_in(const TemporaryFolder& folder) {
    const auto found = find_signatures(ImagePlace::whole(folder / "image"));
    REQUIRE(found);
    std::optional<std::string> text;
    for (const auto& signature : *found) {
        text = (text ? *text + " and " : "") + signature.text();
    }
    return text;
}

TEST_CASE("what is on a device is told by kind and label") {
    const TemporaryFolder folder;
    const auto check = [&](const Image& image, std::string_view wanted) {
        write_file(folder / "image", image);
        CHECK(found_in(folder).value_or("nothing") == wanted);
    };
    check(ext4(""), "ext4 filesystem");
    check(ext4("my data"), "ext4 filesystem (label \"my data\")");
    check(ext4("\x1b[1m\ny"), "ext4 filesystem (label \"\\e[1m\\ny\")");
    check(swap_area(), "swap signature");
    check(dos_table(), "dos partition table");
}

TEST_CASE("btrfs is found, whether its checksum is right or not") {
    const TemporaryFolder folder;
    Image image = btrfs_image();
    write_file(folder / "image", image);
    CHECK(found_in(folder).value_or("").starts_with("btrfs filesystem"));
    image[btrfs::superblock_offsets[0]] ^= std::byte{1};
    write_file(folder / "image", image);
    CHECK(found_in(folder).value_or("").starts_with("btrfs filesystem"));
}

TEST_CASE("nothing is found where nothing is") {
    const TemporaryFolder folder;
    for (const std::size_t size : {0, 1, 512, 1 << 20}) {
        CAPTURE(size);
        write_file(folder / "image", Image(size));
        CHECK(found_in(folder) == std::nullopt);
        const auto image = ImageWriter().open(ImagePlace::whole(folder / "image"));
        REQUIRE(image);
        CHECK(wipe_signatures(*image));
    }
    write_file(folder / "image", Image(1 << 20, std::byte{0xa5}));
    CHECK(found_in(folder) == std::nullopt);
}

TEST_CASE("what is not there fails") {
    const TemporaryFolder folder;
    const auto missing = find_signatures(ImagePlace::whole(folder / "image"));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::io);
    const auto directory = find_signatures(ImagePlace::whole(folder.path()));
    REQUIRE_FALSE(directory);
    CHECK(directory.error().kind == ErrorKind::usage);
}

TEST_CASE("wiping leaves nothing to be found, and touches nothing but magic bytes") {
    const TemporaryFolder folder;
    Image both = btrfs_image();
    put(both, 0, {reinterpret_cast<const char*>(ext4("x").data()), 8192});
    for (const auto& image : {ext4("x"), swap_area(), dos_table(), btrfs_image(), both}) {
        write_file(folder / "image", image);
        REQUIRE(found_in(folder));
        {
            const auto open = ImageWriter().open(ImagePlace::whole(folder / "image"));
            REQUIRE(open);
            REQUIRE(wipe_signatures(*open));
            Image after(image.size());
            REQUIRE(open->device().read(0, after));
            std::size_t changed = 0;
            for (std::size_t i = 0; i < image.size(); ++i) {
                changed += image[i] != after[i];
            }
            CHECK(changed > 0);
            CHECK(changed <= 20);
        }
        CHECK(found_in(folder) == std::nullopt);
    }
}

TEST_CASE("a range has its own signatures, and wiping them leaves those around it") {
    const TemporaryFolder folder;
    Image image = dos_table();
    const Image inside = ext4("inside");
    image.insert(image.end(), inside.begin(), inside.end());
    write_file(folder / "image", image);
    const ImagePlace place{
        .path = folder / "image", .name = "inside", .offset = blank().size(), .length_bytes = inside.size()};
    const auto found = find_signatures(place);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().text() == "ext4 filesystem (label \"inside\")");
    {
        const auto open = ImageWriter().open(place);
        REQUIRE(open);
        REQUIRE(wipe_signatures(*open));
    }
    CHECK(find_signatures(place).value().empty());
    CHECK(found_in(folder) == "dos partition table");
}

TEST_CASE("what images come packed in is found where libblkid finds nothing") {
    using namespace std::string_view_literals;
    const TemporaryFolder folder;
    const std::pair<std::string_view, std::string_view> starts[] = {
        {"zstd", "\x28\xb5\x2f\xfd"sv},     {"gzip", "\x1f\x8b\x08"sv},  {"xz", "\xfd\x37zXZ\0"sv},
        {"qcow2", "QFI\xfb\0\0\0\3"sv},     {"vmdk", "KDMV\1"sv},        {"vhdx", "vhdxfile"sv},
        {"ewf", "EVF\x09\x0d\x0a\xff\0"sv}, {"lz4", "\4\x22\x4d\x18"sv}, {"btrfs-stream", "btrfs-stream\0\1"sv},
    };
    for (const auto& [word, bytes] : starts) {
        Image image = blank();
        put(image, 0, bytes);
        write_file(folder / "image", image);
        CHECK(found_in(folder) == std::string(word) + " signature");
    }
    Image bcachefs = blank();
    put(bcachefs, 4096 + 24, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"sv);
    write_file(folder / "image", bcachefs);
    CHECK(found_in(folder) == "bcachefs signature");
    write_file(folder / "image", "QF");
    CHECK(found_in(folder) == std::nullopt);
}

} // namespace

} // namespace signature_test

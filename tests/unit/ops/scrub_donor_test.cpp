// SPDX-License-Identifier: MIT
// Donors: what they offer, what they must never touch, and that nothing but what has the checksum is used.
#include "libfs/base/checksum.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/ops/scrub_donor_images.h"

#include <filesystem>
#include <random>

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace scrub_donor_test {

using namespace btrkit;
using namespace btrkit::scrub;
using namespace btrkit::test;

namespace {

using Donors = std::vector<std::unique_ptr<Donor>>;

constexpr u32 sectorsize = 4096;
const DonorFile plain_file{.path = "/sub/data/plain", .size = 10 * sectorsize + 100, .content = 1};
const DonorFile packed_file{.path = "/sub/packed", .size = 300'000, .content = 2, .compressible = true};

std::unique_ptr<Donor> donor_at(const std::string& path) {
    auto donor = open_donor(ImagePlace::whole(path));
    REQUIRE_MESSAGE(donor, donor.error().message);
    return std::move(*donor);
}

Donors donors_at(const std::vector<std::string>& paths) {
    Donors donors;
    for (const auto& path : paths) {
        donors.push_back(donor_at(path));
    }
    return donors;
}

Geometry geometry_with(btrfs::CsumType type) {
    return {.sectorsize = sectorsize, .csum_type = type, .csum_size_bytes = btrfs::csum_types[u16(type)].size_bytes};
}

/// All that is offered for a sector of a file, as text.
std::vector<std::string> offers(Donor& donor, const std::string& path, u64 offset, const std::string& in_sub = {}) {
    std::vector<std::string> all;
    donor.offer_at({.path = path, .path_in_subvolume = in_sub, .file_offset = offset}, sectorsize, [&](Bytes bytes) {
        CHECK(bytes.size() == sectorsize);
        all.emplace_back(as_text(bytes));
        return false;
    });
    return all;
}

std::string padded(std::string text) {
    text.resize(sectorsize);
    return text;
}

LostSector lost_text(const std::string& sector, btrfs::CsumType type, const std::string& path, u64 offset) {
    return {.stored = checksum(type, std::as_bytes(std::span(sector))),
            .places = {{.path = path, .path_in_subvolume = path, .file_offset = offset}}};
}

/// Fills, and proves that whatever is used has the checksum. Returns what was used.
std::vector<std::string> fill(std::span<LostSector> lost, const Donors& donors, const Geometry& geometry) {
    std::vector<std::string> used;
    fill_from_donors(lost, donors, geometry, {}, [&](LostSector& sector, Bytes bytes) {
        CHECK(checksum_matches(geometry.csum_type, bytes, sector.stored));
        used.emplace_back(as_text(bytes));
        return true;
    });
    return used;
}

/// Whether the one sector of the filesystem is filled from the donor with what it was.
bool fills(const Filesystem& filesystem, LostSector lost, const std::string& donor) {
    const auto bytes = bytes_of(filesystem, lost);
    const auto used = fill({&lost, 1}, donors_at({donor}), filesystem.geometry());
    CHECK(lost.filled == (used.size() == 1));
    return lost.filled && used.front() == as_text(bytes);
}

/// A sector whose donor may only be asked for the place.
bool fills_by_place(const Filesystem& filesystem, const LostSector& lost, const std::string& donor) {
    const auto bytes = bytes_of(filesystem, lost);
    bool found = false;
    donor_at(donor)->offer_at(lost.places.front(), sectorsize, [&](Bytes candidate) {
        found = found || std::ranges::equal(candidate, bytes);
        return found;
    });
    return found;
}

/// All that a search finds: where, and what.
std::vector<std::pair<std::string, std::string>> found_anywhere(Donor& donor, btrfs::CsumType type, bool wanted) {
    std::vector<std::pair<std::string, std::string>> all;
    donor.visit_all({.sectorsize = sectorsize,
                     .csum_type = type,
                     .is_wanted = [&](const btrfs::CsumBytes&) { return wanted; },
                     .visit =
                         [&](const std::string& where, Bytes bytes) {
                             all.emplace_back(where, as_text(bytes));
                             return true;
                         }},
                    {});
    return all;
}

} // namespace

TEST_CASE("a folder offers the sector of the same path, zeros behind the file's end") {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "sub/deep");
    const std::string text = content_text(plain_file, 0, 2 * sectorsize + 5);
    write_file(folder / "sub/deep/file", text);
    const auto donor = donor_at(folder.path());
    CHECK(offers(*donor, "/sub/deep/file", sectorsize) == std::vector{text.substr(sectorsize, sectorsize)});
    CHECK(offers(*donor, "//sub//deep/file", 0) == std::vector{text.substr(0, sectorsize)});
    CHECK(offers(*donor, "/sub/deep/file", 2 * sectorsize) == std::vector{padded(text.substr(2 * sectorsize))});
    CHECK(offers(*donor, "/elsewhere", 0, "/sub/deep/file").size() == 1);
    CHECK(offers(*donor, "/sub/deep/file", 0, "/sub/deep/file").size() == 1);
    CHECK(offers(*donor, "/sub/deep/file", 3 * sectorsize).empty());
    CHECK(offers(*donor, "/sub/deep/file", ~u64{0} - sectorsize + 1).empty());
    CHECK_FALSE(donor->offer_at({.path = "/sub/deep/file"}, sectorsize, [](Bytes) { return true; }));
}

TEST_CASE("no path leads out of a folder, and nothing but regular files is opened") {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "inside/dir");
    write_file(folder / "secret", "secret");
    write_file(folder / "inside/file", "file");
    std::filesystem::create_symlink("../secret", folder / "inside/link");
    std::filesystem::create_symlink("..", folder / "inside/up");
    std::filesystem::create_symlink("file", folder / "inside/harmless");
    REQUIRE(::mkfifo((folder / "inside/fifo").c_str(), 0600) == 0);
    const auto donor = donor_at(folder / "inside");
    REQUIRE(offers(*donor, "/file", 0) == std::vector{padded("file")});
    for (const std::string path : {"/../secret", "../secret", "/dir/../../secret", "/./file", "/link", "/up/secret",
                                   "/harmless", "/fifo", "/dir", "/dir/", "/file/", "/file/x", "/", ""}) {
        CHECK_MESSAGE(offers(*donor, path, 0, path).empty(), path);
    }
    CHECK(offers(*donor, std::string("/file\0x", 7), 0).empty());
    CHECK(offers(*donor, "/" + std::string(300, 'n') + "/file", 0).empty());
    for (const auto& [where, bytes] : found_anywhere(*donor, btrfs::CsumType::sha256, true)) {
        CHECK(where == folder / "inside/file");
    }
}

TEST_CASE("paths may be longer than the host takes at once") {
    const TemporaryFolder folder;
    const std::string name(200, 'd');
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    std::string path;
    for (int depth = 0; depth < 30; ++depth) {
        std::filesystem::create_directory(name);
        std::filesystem::current_path(name);
        path += "/" + name;
    }
    write_file("file", "deep");
    std::filesystem::current_path(before);
    const auto donor = donor_at(folder.path());
    CHECK(offers(*donor, path + "/file", 0) == std::vector{padded("deep")});
    const auto found = found_anywhere(*donor, btrfs::CsumType::sha256, true);
    REQUIRE(found.size() == 1);
    CHECK(found[0].first == folder.path() + path + "/file");
}

TEST_CASE("a file stands for all files of its name") {
    const TemporaryFolder folder;
    write_file(folder / "disk.img", "bytes");
    const auto donor = donor_at(folder / "disk.img");
    CHECK(offers(*donor, "/vm/disk.img", 0) == std::vector{padded("bytes")});
    CHECK(offers(*donor, "/vm/disk.im", 0).empty());
    CHECK(offers(*donor, "/disk.img/other", 0).empty());
}

TEST_CASE("a search goes through all sectors of all files, past holes") {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "a/b");
    const DonorFile large{.path = {}, .size = 3'000'000, .content = 7};
    const std::string text = content_text(large, 0, large.size);
    write_file(folder / "a/b/large", text);
    write_file(folder / "short", "short");
    write_file(folder / "a/empty", "");
    write_file(folder / "a/sparse", "begin");
    std::filesystem::resize_file(folder / "a/sparse", u64{1} << 42);
    const auto donor = donor_at(folder.path());
    std::string whole;
    std::size_t sparse = 0;
    for (const auto& [where, bytes] : found_anywhere(*donor, btrfs::CsumType::sha256, true)) {
        if (where == folder / "a/b/large") {
            whole += bytes;
        } else if (where == folder / "short") {
            CHECK(bytes == padded("short"));
        } else {
            CHECK(where == folder / "a/sparse");
            ++sparse;
        }
    }
    std::string expected = text;
    expected.resize(round_up(text.size(), sectorsize));
    CHECK(whole == expected);
    CHECK(sparse >= 2);
    CHECK(sparse < 1000);
}

TEST_CASE("bytes without the checksum are never used") {
    const TemporaryFolder folder;
    std::string text = content_text(plain_file, 0, sectorsize);
    const auto type = btrfs::CsumType::xxhash64;
    std::vector lost = {lost_text(text, type, "/file", 0)};
    text[100] = static_cast<char>(text[100] ^ 1);
    write_file(folder / "file", text);
    CHECK(fill(lost, donors_at({folder.path(), folder / "file"}), geometry_with(type)).empty());
    CHECK_FALSE(lost[0].filled);
    CHECK(lost[0].from.empty());
}

TEST_CASE("with crc32c bytes are taken from the same place alone, with others from anywhere") {
    const TemporaryFolder folder;
    const std::string text = content_text(plain_file, 0, 3 * sectorsize);
    write_file(folder / "moved", text);
    for (const auto& info : btrfs::csum_types) {
        const std::string sector = text.substr(2 * sectorsize, sectorsize);
        std::vector lost = {lost_text(sector, info.type, "/file", 0), lost_text(sector, info.type, "/other", 0),
                            lost_text(sector, info.type, "/moved", 2 * sectorsize),
                            lost_text(padded("nowhere"), info.type, "/file", 0)};
        if (info.size_bytes < lost[0].stored.size()) {
            lost[0].stored.back() = 1; // behind what counts
        }
        const bool is_crc = info.type == btrfs::CsumType::crc32c;
        const auto used = fill(lost, donors_at({folder.path()}), geometry_with(info.type));
        CHECK(used == std::vector<std::string>(is_crc ? 1 : 3, sector));
        CHECK(lost[0].filled == !is_crc);
        CHECK(lost[1].filled == !is_crc);
        CHECK(lost[1].from == (is_crc ? "" : folder / "moved"));
        CHECK(lost[2].filled);
        CHECK(lost[2].from == folder.path());
        CHECK_FALSE(lost[3].filled);
    }
}

TEST_CASE("what could not be put to use is not offered again, and a stop is heeded") {
    const TemporaryFolder folder;
    const std::string text = padded("bytes");
    write_file(folder / "file", text);
    const auto type = btrfs::CsumType::sha256;
    const auto donors = donors_at({folder.path(), folder.path()});
    for (const std::string path : {"/file", "/moved"}) {
        std::vector lost = {lost_text(text, type, path, 0)};
        int calls = 0;
        const auto refuse = [&](LostSector&, Bytes) { return ++calls < 0; };
        fill_from_donors(lost, donors, geometry_with(type), {}, refuse);
        CHECK(calls == 1);
        CHECK_FALSE(lost[0].filled);
        StopFlag flag;
        flag.request();
        fill_from_donors(lost, donors, geometry_with(type), StopToken(flag), refuse);
        CHECK(calls == 1);
    }
}

TEST_CASE("an image offers the sectors of its files, by path and in subvolumes") {
    const TemporaryFolder folder;
    const auto filesystem =
        make_donor_image(folder / "lost", {.files = {plain_file}, .subvolume = "/sub", .checksum = "crc32c"});
    const std::string inside = "/data/plain";
    DonorFile moved = plain_file;
    for (const std::string path : {"/sub/data/plain", "/data/plain", "/backup/data/plain"}) {
        for (const std::string subvolume : {"", "/sub", "/backup"}) {
            moved.path = path;
            if (!subvolume.empty() && !path.starts_with(subvolume)) {
                continue;
            }
            make_donor_image(folder / "donor", {.files = {moved}, .subvolume = subvolume, .data_profile = "dup"});
            const bool is_there = path != "/backup/data/plain" || subvolume == "/backup";
            for (const u64 sector : {0, 5, 10}) {
                const auto lost = lose_sector(filesystem, plain_file.path, sector, inside);
                INFO(path, " in ", subvolume, " sector ", sector);
                CHECK(fills_by_place(filesystem, lost, folder / "donor") == is_there);
                CHECK(fills(filesystem, lost, folder / "donor") == is_there);
            }
        }
    }
}

TEST_CASE("sectors are found far behind the beginning of their extent") {
    const TemporaryFolder folder;
    const DonorFile large{.path = "/large", .size = 5'000'000, .content = 3};
    const auto filesystem = make_donor_image(folder / "lost", {.files = {large}, .checksum = "crc32c"});
    make_donor_image(folder / "donor", {.files = {large}});
    for (const u64 sector : {0, 255, 256, 257, 700, 1220}) {
        CHECK(fills(filesystem, lose_sector(filesystem, large.path, sector), folder / "donor"));
    }
}

TEST_CASE("an image offers sectors of extents that are packed in the same way") {
    const TemporaryFolder folder;
    const DonorImageKind kind{.files = {packed_file, plain_file}, .subvolume = "/sub", .compression = "zlib"};
    const auto filesystem = make_donor_image(folder / "lost", kind);
    DonorImageKind donor = kind;
    donor.checksum = "sha256";
    make_donor_image(folder / "donor", donor);
    const auto lost = lose_sector(filesystem, packed_file.path, 0, "/packed");
    REQUIRE_FALSE(lost.places[0].file_offset);
    CHECK(fills_by_place(filesystem, lost, folder / "donor"));
    auto elsewhere = lost;
    elsewhere.places[0].extent_file_offset += sectorsize;
    CHECK_FALSE(fills_by_place(filesystem, elsewhere, folder / "donor"));
    CHECK(fills(filesystem, elsewhere, folder / "donor"));
    auto behind = lost;
    behind.places[0].extent_sector = ~u64{0};
    CHECK_FALSE(fills_by_place(filesystem, behind, folder / "donor"));
    donor.compression = "zstd";
    make_donor_image(folder / "other", donor);
    CHECK_FALSE(fills(filesystem, lost, folder / "other"));
}

TEST_CASE("an image offers unpacked what it has packed or in the inode") {
    const TemporaryFolder folder;
    DonorFile small = packed_file;
    small.path = "/small";
    small.size = 3000;
    const std::vector files = {packed_file, small};
    const auto filesystem = make_donor_image(folder / "lost", {.files = files, .checksum = "crc32c"});
    for (const std::string compression : {"zlib", "lzo", "zstd"}) {
        make_donor_image(folder / "donor", {.files = files, .compression = compression});
        for (const u64 sector : {0, 40, 73}) {
            CHECK(fills(filesystem, lose_sector(filesystem, packed_file.path, sector), folder / "donor"));
        }
        CHECK(fills(filesystem, lose_sector(filesystem, small.path, 0), folder / "donor"));
    }
}

TEST_CASE("a search of an image goes by its checksums, or through all its data") {
    const TemporaryFolder folder;
    const auto filesystem = make_donor_image(folder / "donor", {.files = {plain_file}, .data_profile = "dup"});
    const auto donor = donor_at(folder / "donor");
    auto all = found_anywhere(*donor, btrfs::CsumType::sha256, false);
    auto by_checksum = found_anywhere(*donor, btrfs::CsumType::xxhash64, true);
    std::ranges::sort(all);
    std::ranges::sort(by_checksum);
    CHECK(all == by_checksum);
    CHECK(found_anywhere(*donor, btrfs::CsumType::xxhash64, false).empty());
    for (const u64 sector : {0, 10}) {
        const auto lost = lose_sector(filesystem, plain_file.path, sector);
        const auto where = (folder / "donor") + " at logical " + std::to_string(lost.bytenr);
        const std::string text(as_text(bytes_of(filesystem, lost)));
        CHECK(std::ranges::count(all, std::pair(where, text)) == 2);
    }
}

TEST_CASE("an image is a file, too") {
    const TemporaryFolder folder;
    const auto filesystem = make_donor_image(folder / "disk.img", {.files = {plain_file}});
    CHECK(offers(*donor_at(folder / "disk.img"), "/vm/disk.img", 0).size() == 1);
    std::filesystem::resize_file(folder / "disk.img", 4096);
    CHECK(offers(*donor_at(folder / "disk.img"), "/vm/disk.img", 0).size() == 1);
}

TEST_CASE("a damaged image is a poor donor, and no more") {
    const TemporaryFolder folder;
    const DonorImageKind kind{.files = {plain_file, packed_file}, .subvolume = "/sub", .compression = "zstd"};
    const auto filesystem = make_donor_image(folder / "lost", kind);
    std::mt19937_64 random(1);
    for (int round = 0; round < 30; ++round) {
        make_donor_image(folder / "donor", kind);
        {
            const u64 size = std::filesystem::file_size(folder / "donor");
            std::fstream image(folder / "donor", std::ios::binary | std::ios::in | std::ios::out);
            for (int change = 0; change < 200; ++change) {
                image.seekp(
                    static_cast<std::streamoff>(round % 2 == 0 ? random() % size : 70000 + random() % (size / 2)));
                image.put(static_cast<char>(random()));
            }
        }
        std::vector lost = {lose_sector(filesystem, plain_file.path, 3, "/data/plain"),
                            lose_sector(filesystem, packed_file.path, 0, "/packed")};
        fill(lost, donors_at({folder / "donor"}), filesystem.geometry());
        found_anywhere(*donor_at(folder / "donor"), btrfs::CsumType::sha256, true);
    }
}

TEST_CASE("what is no donor") {
    const TemporaryFolder folder;
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    CHECK(open_donor(ImagePlace::whole(folder / "fifo")).error().kind == ErrorKind::usage);
    CHECK(open_donor(ImagePlace::whole(folder / "nothing")).error().kind == ErrorKind::io);
}

} // namespace scrub_donor_test

// SPDX-License-Identifier: MIT
#include "libfs/io/partitions.h"
#include "tests/support/partitioned_disk.h"
#include "tests/support/sample_superblock.h"
#include "tests/support/temporary_folder.h"

#include <doctest/doctest.h>

namespace partitions_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

constexpr u64 disk_bytes = 16 * mib;

/// A disk that begins with the table, and has a superblock in the partitions at these offsets.
std::string disk(const TemporaryFolder& folder, const std::vector<std::byte>& table,
                 const std::vector<u64>& btrfs_at = {}) {
    std::vector<std::byte> bytes(disk_bytes);
    std::ranges::copy(table, bytes.begin());
    for (const u64 offset : btrfs_at) {
        const auto super = sample_superblock();
        std::ranges::copy(as_bytes_of(super),
                          bytes.begin() + static_cast<std::ptrdiff_t>(offset + btrfs::superblock_offsets[0]));
    }
    write_file(folder / "disk", bytes);
    return folder / "disk";
}

std::vector<Partition> read(const std::string& path) {
    const auto partitions = read_partitions(path);
    REQUIRE(partitions);
    return *partitions;
}

} // namespace

TEST_CASE("the partitions of a GPT, by sectors of 512 bytes and of 4096") {
    const TemporaryFolder folder;
    for (const u32 sector_bytes : {512U, 4096U}) {
        CAPTURE(sector_bytes);
        const auto table =
            gpt_of(disk_bytes, {{mib, mib, "EFI", 0x12}, {2 * mib, 4 * mib, "my root", 0xcd}}, sector_bytes);
        const auto partitions = read(disk(folder, table, {2 * mib}));
        REQUIRE(partitions.size() == 2);
        CHECK(partitions[0].number == 1);
        CHECK(partitions[0].offset == mib);
        CHECK(partitions[0].length_bytes == mib);
        CHECK(partitions[0].name == "EFI");
        CHECK(partitions[0].type == "");
        CHECK(partitions[1].name == "my root");
        CHECK(partitions[1].uuid == "cdcdcdcd-cdcd-cdcd-cdcd-cdcdcdcdcdcd");
        CHECK(partitions[1].holds_btrfs());
        CHECK(partitions[1].bytes_there == 4 * mib);
    }
}

TEST_CASE("the partitions of a DOS table, logical ones too; the extended partition is none") {
    const TemporaryFolder folder;
    auto table = dos_table_of({{mib, mib, ""}, {4 * mib, 8 * mib, ""}});
    table[446 + 16 + 4] = std::byte{0x05};
    // The first logical partition: 2048 sectors, 2048 behind where the extended one begins.
    auto bytes = table;
    bytes.resize(4 * mib + 512);
    const auto logical = dos_table_of({{mib, mib, ""}});
    std::ranges::copy(logical, bytes.begin() + static_cast<std::ptrdiff_t>(4 * mib));
    const auto partitions = read(disk(folder, bytes, {5 * mib}));
    REQUIRE(partitions.size() == 2);
    CHECK(partitions[0].number == 1);
    CHECK(partitions[0].uuid == "11223344-01");
    CHECK(partitions[1].number == 5);
    CHECK(partitions[1].offset == 5 * mib);
    CHECK(partitions[1].holds_btrfs());
}

TEST_CASE("no table, no partitions") {
    const TemporaryFolder folder;
    CHECK(read(disk(folder, std::vector<std::byte>(512))).empty());
    write_file(folder / "small", "x");
    CHECK(read(folder / "small").empty());
    write_file(folder / "empty", "");
    CHECK(read(folder / "empty").empty());
    CHECK_FALSE(read_partitions(folder / "missing"));
}

TEST_CASE("of a partition behind the end of a cut image nothing is there") {
    const TemporaryFolder folder;
    const auto path = disk(folder, dos_table_of({{mib, 4 * mib, ""}, {8 * mib, mib, ""}}));
    std::filesystem::resize_file(path, 3 * mib);
    const auto partitions = read(path);
    REQUIRE(partitions.size() == 2);
    CHECK(partitions[0].length_bytes == 4 * mib);
    CHECK(partitions[0].bytes_there == 2 * mib);
    CHECK(partitions[1].bytes_there == 0);
}

TEST_CASE("a partition is called by number, uuid, name or label, in this order") {
    const std::vector<Partition> all = {
        {.number = 1, .uuid = "aaaa", .name = "p2", .type = "", .label = "x"},
        {.number = 2, .uuid = "BBBB", .name = "root", .type = "", .label = "home"},
        {.number = 3, .uuid = "", .name = "home", .type = "", .label = "x"},
    };
    using Indices = std::vector<std::size_t>;
    CHECK(find_partitions(all, "p2") == Indices{1});
    CHECK(find_partitions(all, "p02") == Indices{});
    CHECK(find_partitions(all, "bbbb") == Indices{1});
    CHECK(find_partitions(all, "home") == Indices{2});
    CHECK(find_partitions(all, "x") == Indices{0, 2});
    CHECK(find_partitions(all, "") == Indices{});
    CHECK(find_partitions(all, "Root") == Indices{});
}

} // namespace partitions_test

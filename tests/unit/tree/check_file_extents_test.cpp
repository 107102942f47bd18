// SPDX-License-Identifier: MIT
// The rules for EXTENT_DATA and EXTENT_CSUM.
#include "tests/unit/tree/item_findings.h"

namespace check_file_extents_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;
using btrfs::FileExtentType;

constexpr btrfs::Key at_start{257, type::extent_data, 0};

/// What is said about a regular extent of 8 KiB, changed.
template <class Change>
std::string extent_findings(Change change, const btrfs::Key& key = at_start, std::string_view tail = {}) {
    auto head = valid_extent_head(FileExtentType::regular, 8192);
    auto range = valid_extent_range(8192);
    change(head, range);
    return findings({{key, bytes_from(head, range, tail)}}, btrfs::fs_tree_id);
}

std::string inline_findings(u64 ram_bytes, std::string_view data, u8 compression = 0, u64 file_offset = 0) {
    auto head = valid_extent_head(FileExtentType::inline_data, ram_bytes);
    head.compression = compression;
    return findings({{{257, type::extent_data, file_offset}, bytes_from(head, data)}}, btrfs::fs_tree_id);
}

LeafItem extent_at(u64 file_offset, u64 num_bytes, u64 inode = 257) {
    return {{inode, type::extent_data, file_offset},
            bytes_from(valid_extent_head(FileExtentType::regular, num_bytes), valid_extent_range(num_bytes))};
}

LeafItem csums_at(u64 logical, std::size_t size) {
    return {{btrfs::extent_csum_objectid, type::extent_csum, logical}, std::vector<std::byte>(size)};
}

std::string csum_findings(const std::vector<LeafItem>& items, u64 super_flags = 0) {
    Geometry geometry = sample_geometry();
    geometry.super_flags = super_flags;
    return findings(items, btrfs::csum_tree_id, geometry);
}

} // namespace

TEST_CASE("heads of file extents") {
    CHECK(extent_findings([](auto& head, auto&) { head.compression = 3; }) == "");
    CHECK(extent_findings([](auto& head, auto&) { head.compression = 4; }) == "item-file-extent");
    CHECK(extent_findings([](auto& head, auto&) { head.encryption = 1; }) == "item-file-extent");
    CHECK(extent_findings([](auto& head, auto&) { head.type = 3; }) == "item-file-extent");
    CHECK(extent_findings([](auto&, auto&) {}, {257, type::extent_data, 4095}) == "item-file-extent");
}

TEST_CASE("all of a regular extent's numbers are multiples of the sectorsize") {
    CHECK(extent_findings([](auto&, auto& range) { range.offset = 4096; }) == "");
    CHECK(extent_findings([](auto&, auto& range) { range.disk_bytenr = 0; }) == "");
    CHECK(extent_findings([](auto& head, auto&) { head.ram_bytes = 8191; }) == "item-file-extent");
    CHECK(extent_findings([](auto&, auto& range) { range.disk_bytenr = 512; }) == "item-file-extent");
    CHECK(extent_findings([](auto&, auto& range) { range.disk_num_bytes = 512; }) == "item-file-extent");
    CHECK(extent_findings([](auto&, auto& range) { range.offset = 512; }) == "item-file-extent");
    CHECK(extent_findings([](auto&, auto& range) { range.num_bytes = 512; }) == "item-file-extent");
}

TEST_CASE("regular extents have one size, and end inside the largest file") {
    CHECK(extent_findings([](auto&, auto&) {}, at_start, "x") == "item-size");
    CHECK(findings({{at_start, bytes_from(valid_extent_head(FileExtentType::prealloc, 4096))}}, btrfs::fs_tree_id) ==
          "item-size");
    CHECK(extent_findings([](auto&, auto&) {}, {257, type::extent_data, ~u64{0} - 4095}) == "item-file-extent");
}

TEST_CASE("inline extents") {
    CHECK(inline_findings(0, "") == "");
    CHECK(inline_findings(5, "hello") == "");
    CHECK(inline_findings(6, "hello") == "item-file-extent");
    CHECK(inline_findings(4, "hello") == "item-file-extent");
    CHECK(inline_findings(500, "hello", 1) == ""); // compressed
    CHECK(inline_findings(5, "hello", 0, 4096) == "item-file-extent");
}

TEST_CASE("file extents of one inode don't overlap") {
    CHECK(findings({extent_at(0, 8192), extent_at(8192, 4096)}, btrfs::fs_tree_id) == "");
    CHECK(findings({extent_at(0, 8192), extent_at(4096, 4096)}, btrfs::fs_tree_id) == "item-file-extent-overlap");
    CHECK(findings({extent_at(0, 8192), extent_at(4096, 4096, 258)}, btrfs::tree_log_id) == "");
}

TEST_CASE("inline extents reach to the end of their last sector") {
    const auto after_inline = [](u64 ram_bytes) {
        auto head = valid_extent_head(FileExtentType::inline_data, ram_bytes);
        head.compression = 1;
        return findings({{at_start, bytes_from(head, "packed")}, extent_at(4096, 4096)}, btrfs::fs_tree_id);
    };
    CHECK(after_inline(4096) == "");
    CHECK(after_inline(4097) == "item-file-extent-overlap");
    CHECK(after_inline(~u64{0}) == ""); // ends nowhere: nothing to compare with
}

TEST_CASE("an extent is compared with no malformed one before it") {
    auto broken = extent_at(0, 8192);
    broken.data.pop_back();
    CHECK(findings({broken, extent_at(4096, 4096)}, btrfs::fs_tree_id) == "item-size");
    auto unknown = extent_at(0, 8192);
    unknown.data[offsetof(btrfs::FileExtentHead, type)] = std::byte{9};
    CHECK(findings({unknown, extent_at(4096, 4096)}, btrfs::fs_tree_id) == "item-file-extent");
}

TEST_CASE("checksum items") {
    CHECK(csum_findings({csums_at(4096, 400)}) == "");
    CHECK(csum_findings({csums_at(4095, 400)}) == "item-csum");
    CHECK(csum_findings({csums_at(4096, 401)}) == "item-csum");
    CHECK(csum_findings({{{5, type::extent_csum, 4096}, std::vector<std::byte>(4)}}) == "item-csum");
}

TEST_CASE("checksum items don't overlap") {
    CHECK(csum_findings({csums_at(4096, 8), csums_at(12288, 4)}) == "");
    CHECK(csum_findings({csums_at(4096, 8), csums_at(8192, 4)}) == "item-csum-overlap");
}

TEST_CASE("while checksums are changed, two algorithms stand side by side") {
    const auto changing = btrfs::super_flag_changing_data_csum;
    CHECK(csum_findings({csums_at(4096, 401), csums_at(8192, 4)}, changing) == "");
    CHECK(csum_findings({{{btrfs::csum_change_objectid, type::extent_csum, 4096}, std::vector<std::byte>(9)}},
                        changing) == "");
    CHECK(csum_findings({csums_at(4095, 400)}, changing) == "item-csum");
}

} // namespace check_file_extents_test

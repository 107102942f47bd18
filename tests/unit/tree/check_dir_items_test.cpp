// SPDX-License-Identifier: MIT
// The rules for DIR_ITEM, DIR_INDEX and XATTR_ITEM.
#include "libfs/base/checksum.h"
#include "tests/unit/tree/item_findings.h"

namespace check_dir_items_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;
using btrfs::FileType;

constexpr btrfs::Key an_inode{257, type::inode_item, 0};

std::string index_findings(const std::vector<std::byte>& body) {
    return findings({{{256, type::dir_index, 2}, body}}, btrfs::fs_tree_id);
}

std::string location_findings(const btrfs::Key& location) {
    return index_findings(dir_entry(location, FileType::regular, "name"));
}

u64 hash_of(std::string_view name) {
    return name_hash(std::as_bytes(std::span(name)));
}

std::string xattr_findings(const std::vector<std::byte>& body, std::string_view name) {
    return findings({{{257, type::xattr_item, hash_of(name)}, body}}, btrfs::fs_tree_id);
}

std::vector<std::byte> entry_of_type(u8 file_type) {
    auto body = dir_entry(an_inode, FileType::regular, "name");
    body[offsetof(btrfs::DirItem, type)] = std::byte{file_type};
    return body;
}

} // namespace

TEST_CASE("directory entries lead to inodes or subvolumes") {
    CHECK(location_findings({btrfs::root_tree_dir_id, type::inode_item, 0}) == "");
    CHECK(location_findings({257, type::untyped, 0}) == "");
    CHECK(location_findings({btrfs::fs_tree_id, type::root_item, ~u64{0}}) == "");
    CHECK(location_findings({300, type::root_item, 0}) == "");
    CHECK(location_findings({}) == "item-dir");
    CHECK(location_findings({255, type::inode_item, 0}) == "item-dir");
    CHECK(location_findings({257, type::inode_item, 1}) == "item-dir");
    CHECK(location_findings({0, type::root_item, ~u64{0}}) == "item-dir");
    CHECK(location_findings({btrfs::extent_tree_id, type::root_item, ~u64{0}}) == "item-dir");
    CHECK(location_findings({btrfs::data_reloc_tree_id, type::root_item, ~u64{0}}) == "item-dir");
    CHECK(location_findings({257, type::dir_item, 0}) == "item-dir");
}

TEST_CASE("file types of directory entries") {
    for (u8 file_type = 1; file_type <= 7; ++file_type) {
        CHECK(index_findings(entry_of_type(file_type)) == "");
        CHECK(index_findings(entry_of_type(file_type | btrfs::file_type_encrypted)) == "");
    }
    CHECK(index_findings(entry_of_type(0)) == "item-dir");
    CHECK(index_findings(entry_of_type(btrfs::file_type_encrypted)) == "item-dir");
    CHECK(index_findings(entry_of_type(8)) == "item-dir"); // that of xattrs
    CHECK(index_findings(entry_of_type(9)) == "item-dir");
}

TEST_CASE("names and data of directory entries have limits and lie inside the item") {
    CHECK(index_findings(dir_entry(an_inode, FileType::regular, std::string(255, 'n'))) == "");
    CHECK(index_findings(dir_entry(an_inode, FileType::regular, std::string(256, 'n'))) == "item-dir");
    CHECK(index_findings(dir_entry(an_inode, FileType::regular, "name", "data")) == "item-dir");
    auto body = dir_entry(an_inode, FileType::regular, "name");
    body.pop_back();
    CHECK(index_findings(body) == "item-dir");
    CHECK(index_findings(joined({dir_entry(an_inode, FileType::regular, "name"), bytes_from("tail")})) == "item-dir");
}

TEST_CASE("several entries share an item") {
    const auto good = dir_entry(an_inode, FileType::regular, "name");
    const auto bad = dir_entry({}, FileType::regular, "name");
    CHECK(index_findings(joined({good, good})) == "");
    CHECK(index_findings(joined({good, bad, bad})) == "item-dir item-dir");
}

TEST_CASE("DIR_ITEM and XATTR_ITEM are keyed by the hash of their name, DIR_INDEX is not") {
    const auto entry = dir_entry(an_inode, FileType::regular, "name");
    CHECK(findings({{{256, type::dir_item, hash_of("name")}, entry}}, btrfs::fs_tree_id) == "");
    CHECK(findings({{{256, type::dir_item, hash_of("nama")}, entry}}, btrfs::fs_tree_id) == "item-dir-hash");
    CHECK(xattr_findings(dir_entry({}, FileType::xattr, "user.a", "v"), "user.a") == "");
    CHECK(xattr_findings(dir_entry({}, FileType::xattr, "user.a", "v"), "user.b") == "item-dir-hash");
}

TEST_CASE("xattrs have no location, the type of xattrs, and as much data as fits") {
    CHECK(xattr_findings(dir_entry(an_inode, FileType::xattr, "user.a", "v"), "user.a") == "item-dir");
    CHECK(xattr_findings(dir_entry({}, FileType::regular, "user.a", "v"), "user.a") == "item-dir");
    const std::size_t room = btrfs::max_item_size(sample_geometry().nodesize) - sizeof(btrfs::DirItem) - 6;
    CHECK(xattr_findings(dir_entry({}, FileType::xattr, "user.a", std::string(room, 'v')), "user.a") == "");
}

} // namespace check_dir_items_test

// SPDX-License-Identifier: MIT
// Paths, from the top of the filesystem down through its subvolumes.
#include "libfs/fs/path_lookup.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "tests/support/dir_entry.h"
#include "tests/support/open_filesystem.h"

#include <doctest/doctest.h>

namespace path_lookup_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 docs_inode = 258; // behind the root directory and "hello"

void check_found(const Filesystem& filesystem, std::string_view path, u64 tree, u64 inode) {
    CAPTURE(path);
    const auto place = find_path(filesystem, path);
    REQUIRE(place);
    CHECK(place->tree.id == tree);
    CHECK(place->inode == inode);
}

void check_error(const Filesystem& filesystem, std::string_view path, ErrorKind kind, std::string_view part) {
    CAPTURE(path);
    const auto place = find_path(filesystem, path);
    REQUIRE_FALSE(place);
    CHECK(place.error().kind == kind);
    CHECK_MESSAGE(place.error().message.find(part) != std::string::npos, place.error().message);
}

u64 hash_of(std::string_view name) {
    return name_hash(std::as_bytes(std::span(name)));
}

} // namespace

TEST_CASE("files and directories are found by their path, however many slashes it has") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    constexpr u64 top = btrfs::fs_tree_id;
    for (const auto* path : {"", "/", ".", "//", "/.", "./", "/././/."}) {
        check_found(filesystem, path, top, btrfs::root_dir_inode);
    }
    for (const auto* path : {"hello", "/hello", "//hello//", "./hello", "/./hello/."}) {
        check_found(filesystem, path, top, btrfs::root_dir_inode + 1);
    }
    check_found(filesystem, "/docs/", top, docs_inode);
    for (u64 i = 0; i < 40; ++i) {
        check_found(filesystem, "docs/file-" + std::to_string(i), top, docs_inode + 1 + i);
    }
    check_found(filesystem, "/docs//deep/er/leaf", top, docs_inode + 45);
}

TEST_CASE("names that share a hash are told apart") {
    REQUIRE(hash_of(colliding_names[0]) == hash_of(colliding_names[1]));
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    check_found(filesystem, "/docs/" + std::string(colliding_names[0]), btrfs::fs_tree_id, docs_inode + 41);
    check_found(filesystem, "/docs/" + std::string(colliding_names[1]), btrfs::fs_tree_id, docs_inode + 42);
    check_error(filesystem, colliding_names[0], ErrorKind::not_found, "no \"niboboda\"");
}

TEST_CASE("an entry whose item has the hash, but not the name, is another one") {
    TinyFilesystem tiny;
    FileTree tree;
    auto items = tree.items();
    items.push_back({{btrfs::root_dir_inode, btrfs::item_type::dir_item, hash_of(colliding_names[0])},
                     dir_entry({257, 1, 0}, btrfs::FileType::regular, colliding_names[1])});
    tiny.replace_tree(btrfs::fs_tree_id, items);
    const auto [filesystem, problems] = open_filesystem(tiny);
    check_error(filesystem, colliding_names[0], ErrorKind::not_found, "no \"niboboda\"");
    check_found(filesystem, colliding_names[1], btrfs::fs_tree_id, 257);
}

TEST_CASE("a path goes through subvolumes") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    check_found(filesystem, "/docs/sub", tiny_subvolume_id, btrfs::root_dir_inode);
    check_found(filesystem, "/docs/sub/inside", tiny_subvolume_id, btrfs::root_dir_inode + 1);
    check_found(filesystem, "/docs/sub/nested/innermost", tiny_nested_id, btrfs::root_dir_inode + 1);
}

TEST_CASE("the part that is not there is named") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    check_error(filesystem, "/nothing", ErrorKind::not_found, "path /nothing: no \"nothing\"");
    check_error(filesystem, "/docs/none/leaf", ErrorKind::not_found, "no \"none\"");
    check_error(filesystem, "/hello/there", ErrorKind::not_found, "no \"there\""); // of a file
    check_error(filesystem, "/docs/..", ErrorKind::not_found, "no \"..\"");
    check_error(filesystem, "/docs/sub/hello", ErrorKind::not_found, "no \"hello\"");
    check_error(filesystem, "/Hello", ErrorKind::not_found, "no \"Hello\"");
    check_error(filesystem, "/a\nb", ErrorKind::not_found, "no \"a\\nb\"");
    check_error(filesystem, std::string(300, 'n'), ErrorKind::not_found, "nnn");
    check_error(filesystem, std::string("/hello\0", 7), ErrorKind::not_found, "\\000");
}

TEST_CASE("a subvolume without a root item is not there") {
    TinyFilesystem tiny;
    const u64 wrong = 4711;
    FileTree tree;
    tree.add_subvolume(btrfs::root_dir_inode, "gone", wrong);
    tiny.replace_tree(btrfs::fs_tree_id, tree.items());
    const auto [filesystem, problems] = open_filesystem(tiny);
    check_error(filesystem, "/gone", ErrorKind::not_found, "path /gone: no tree 4711");
}

TEST_CASE("what may stand in a lost leaf is not said to be missing") {
    TinyFilesystem tiny;
    const btrfs::Key entry{docs_inode, btrfs::item_type::dir_item, hash_of("file-7")};
    for (const auto* leaf : blocks_in_order(tiny.tree(btrfs::fs_tree_id), WalkOrder::leaves_only)) {
        if (std::ranges::find(leaf->items, entry, &LeafItem::key) != leaf->items.end()) {
            tiny.image.spoil(leaf->address());
        }
    }
    const auto [filesystem, problems] = open_filesystem(tiny);
    check_error(filesystem, "/docs/file-7", ErrorKind::damaged, "path /docs/file-7: [block-lost]");
    check_found(filesystem, "/hello", btrfs::fs_tree_id, btrfs::root_dir_inode + 1);
    check_error(filesystem, "/hello/there", ErrorKind::not_found, "no \"there\"");
}

TEST_CASE("entries cut short are not found, and harm nobody") {
    const auto entry = dir_entry({257, 1, 0}, btrfs::FileType::regular, "shortened");
    for (std::size_t size = 0; size < entry.size(); ++size) {
        CAPTURE(size);
        TinyFilesystem tiny;
        auto items = FileTree().items();
        items.push_back({{btrfs::root_dir_inode, btrfs::item_type::dir_item, hash_of("short")},
                         {entry.begin(), entry.begin() + size}});
        tiny.replace_tree(btrfs::fs_tree_id, items);
        const auto [filesystem, problems] = open_filesystem(tiny);
        check_error(filesystem, "/short", ErrorKind::not_found, "no \"short\"");
    }
}

} // namespace path_lookup_test

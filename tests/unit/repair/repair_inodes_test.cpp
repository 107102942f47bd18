// SPDX-License-Identifier: MIT
// Inodes that say what they can't, or what the rest contradicts.
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/inode.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/path_lookup.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace repair_inodes_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Items = RepairBench::Items;

using ChangeInode = std::function<void(btrfs::InodeItem&)>;

auto with_inode(std::string_view path, ChangeInode change) {
    return [path, change = std::move(change)](const RepairBench& bench, Items& items) {
        edit_body<btrfs::InodeItem>(item_at(items, {bench.inode(path), type::inode_item, 0}), change);
    };
}

void take_all_of(Items& items, const auto& is_meant) {
    std::erase_if(items, is_meant);
}

} // namespace

TEST_CASE("what an inode says follows from the rest") {
    check_each_is_undone({
        {"link count", with_inode("/file1", [](auto& inode) { inode.nlink = 7; })},
        {"no links", with_inode("/file2", [](auto& inode) { inode.nlink = 0; })},
        {"links of a directory", with_inode("/dir", [](auto& inode) { inode.nlink = 2; })},
        {"type of a file", with_inode("/dir/inner", [](auto& inode) { inode.mode = 0150640; })},
        {"no type", with_inode("/dir", [](auto& inode) { inode.mode = 0755; })},
        {"type that its extents exclude", with_inode("/file1", [](auto& inode) { inode.mode = 0040644; })},
        {"bits that no mode has", with_inode("/symlink", [](auto& inode) { inode.mode = inode.mode | 0x100000; })},
        {"generation", with_inode("/file3", [](auto& inode) { inode.generation = 0x123456789; })},
        {"last change", with_inode("/dir", [](auto& inode) { inode.transid = 77; })},
        {"flags", with_inode("/file3", [](auto& inode) { inode.flags = u64{1} << 20; })},
        {"place", [](const auto& bench,
                     Items& items) { item_at(items, {bench.inode("/file3"), type::inode_item, 0}).key.offset = 5; }},
        {"generation of an extent",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::FileExtentHead>(item_at(items, {bench.inode("/file1"), type::extent_data, 0}),
                                              [](btrfs::FileExtentHead& head) { head.generation = 4711; });
         }},
        {"generation of an inline extent",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::FileExtentHead>(item_at(items, {bench.inode("/symlink"), type::extent_data, 0}),
                                              [](btrfs::FileExtentHead& head) { head.generation = 4711; });
         }},
    });
}

TEST_CASE("the top directory refers to itself") {
    const btrfs::Key self = {btrfs::root_dir_inode, type::inode_ref, btrfs::root_dir_inode};
    check_each_is_undone({
        {"lost", [&](const auto&, Items& items) { take_item(items, self); }},
        {"other name", [&](const auto&, Items& items) { item_at(items, self).data.back() = std::byte{'X'}; }},
        {"longer name",
         [&](const auto&, Items& items) {
             edit_body<btrfs::InodeRef>(item_at(items, self), [](btrfs::InodeRef& ref) { ref.name_len = 34; });
         }},
        {"no directory",
         [](const auto&, Items& items) {
             edit_body<btrfs::InodeItem>(item_at(items, {btrfs::root_dir_inode, type::inode_item, 0}),
                                         [](btrfs::InodeItem& inode) { inode.mode = 0100755; });
         }},
    });
}

TEST_CASE("an item whose key has another type by one bit") {
    check_each_is_undone({
        {"extent",
         [](const auto& bench, Items& items) {
             item_at(items, {bench.inode("/file2"), type::extent_data, 0}).key.type = type::extent_data ^ 2;
         }},
        {"attribute", [](const auto&, Items& items) { item_of_type(items, type::xattr_item).key.type ^= 1; }},
    });
}

TEST_CASE("an inode that has lost all its names is found in lost+found, with what is in it") {
    RepairBench bench;
    const u64 number = bench.inode("/dir");
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
        take_all_of(items, [&](const LeafItem& item) {
            const auto* entry = view_at<btrfs::DirItem>(item.data);
            const bool is_entry = item.key.type == type::dir_item || item.key.type == type::dir_index;
            return (is_entry && entry->location.objectid == number) ||
                   (item.key.objectid == number && item.key.type == type::inode_ref);
        });
    });
    const auto report = bench.repair({.now = {.sec = 4000}});
    CHECK(report.left_count == 0);
    CHECK(bench.check().all().empty());
    const auto filesystem = bench.filesystem.open();
    const auto place = find_path(filesystem, "/lost+found/inode-" + std::to_string(number) + "/inner");
    REQUIRE_MESSAGE(place, place.error().message);
    CHECK(place->inode == bench.inode("/dir/inner"));
}

TEST_CASE("an inode without names that waits to be deleted stays so") {
    RepairBench bench;
    const u64 number = bench.inode("/dir/inner");
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
        take_all_of(items, [&](const LeafItem& item) {
            const auto* entry = view_at<btrfs::DirItem>(item.data);
            const bool is_entry = item.key.type == type::dir_item || item.key.type == type::dir_index;
            return (is_entry && entry->location.objectid == number) ||
                   (item.key.objectid == number && item.key.type == type::inode_ref);
        });
        with_inode("/dir/inner", [](auto& inode) { inode.nlink = 0; })(bench, items);
        with_inode("/dir", [](auto& inode) { inode.size = inode.size - 10; })(bench, items);
        items.push_back({{btrfs::orphan_objectid, type::orphan_item, number}, {}});
    });
    const auto before = text_of(bench.items());
    const auto report = bench.repair();
    CHECK(report.plan.empty());
    CHECK(text_of(bench.items()) == before);
}

} // namespace repair_inodes_test

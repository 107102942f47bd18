// SPDX-License-Identifier: MIT
// Any one of the three forms of a name is lost or wrong: it is made again from the two others, as it was.
#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace repair_names_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Items = RepairBench::Items;

constexpr u64 top = btrfs::root_dir_inode;

btrfs::Key ref_key(const RepairBench& bench, std::string_view path, u64 dir) {
    return {bench.inode(path), type::inode_ref, dir};
}

void change_entry(LeafItem& item, const std::function<void(btrfs::DirItem&)>& change) {
    edit_body<btrfs::DirItem>(item, change);
}

/// The last letter of the name that ends an item.
void respell(LeafItem& item) {
    item.data.back() = std::byte{'X'};
}

void append(LeafItem& item, std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    item.data.insert(item.data.end(), bytes.begin(), bytes.end());
}

} // namespace

TEST_CASE("a lost form of a name is made from the two others") {
    check_each_is_undone({
        {"item", [](const auto&, Items& items) { take_item(items, dir_item_key(top, "file1")); }},
        {"index", [](const auto&, Items& items) { take_item(items, index_of(items, top, "file1").key); }},
        {"reference", [](const auto& bench, Items& items) { take_item(items, ref_key(bench, "/file3", top)); }},
        {"one reference of two",
         [](const auto& bench, Items& items) { take_item(items, ref_key(bench, "/file1", bench.inode("/dir"))); }},
        {"index of a directory", [](const auto&, Items& items) { take_item(items, index_of(items, top, "dir").key); }},
        {"forms of two names",
         [](const auto& bench, Items& items) {
             take_item(items, dir_item_key(top, "file2"));
             take_item(items, ref_key(bench, "/dir/inner", bench.inode("/dir")));
         }},
    });
}

TEST_CASE("a name that is spelt otherwise in one of its forms") {
    check_each_is_undone({
        {"item", [](const auto&, Items& items) { respell(item_at(items, dir_item_key(top, "file1"))); }},
        {"index", [](const auto&, Items& items) { respell(index_of(items, top, "file1")); }},
        {"reference", [](const auto& bench, Items& items) { respell(item_at(items, ref_key(bench, "/file1", top))); }},
        {"as one that another file has",
         [](const auto&, Items& items) { index_of(items, top, "file1").data.back() = std::byte{'2'}; }},
        {"cut short in the reference",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::InodeRef>(item_at(items, ref_key(bench, "/file1", top)),
                                        [](btrfs::InodeRef& ref) { ref.name_len = 3; });
         }},
        {"too long in the index",
         [](const auto&, Items& items) {
             change_entry(index_of(items, top, "file1"), [](btrfs::DirItem& entry) { entry.name_len = 200; });
         }},
        {"too long in the item",
         [](const auto&, Items& items) {
             change_entry(item_at(items, dir_item_key(top, "file1")),
                          [](btrfs::DirItem& entry) { entry.name_len = 77; });
         }},
    });
}

TEST_CASE("an entry that leads elsewhere") {
    check_each_is_undone({
        {"to no inode",
         [](const auto&, Items& items) {
             change_entry(item_at(items, dir_item_key(top, "file1")),
                          [](btrfs::DirItem& entry) { entry.location.objectid = 4000; });
         }},
        {"to another file",
         [](const auto& bench, Items& items) {
             change_entry(index_of(items, top, "file1"),
                          [&](btrfs::DirItem& entry) { entry.location.objectid = bench.inode("/file2"); });
         }},
        {"to no kind of thing",
         [](const auto&, Items& items) {
             change_entry(item_at(items, dir_item_key(top, "file1")),
                          [](btrfs::DirItem& entry) { entry.location.type = type::dir_item; });
         }},
        {"with data",
         [](const auto&, Items& items) {
             auto& item = index_of(items, top, "file1");
             change_entry(item, [](btrfs::DirItem& entry) { entry.data_len = 4; });
             append(item, "data");
         }},
        {"from an inode that says another directory",
         [](const auto& bench, Items& items) {
             item_at(items, ref_key(bench, "/file2", top)).key.offset = bench.inode("/dir");
         }},
    });
}

TEST_CASE("an index or a hash that is another") {
    check_each_is_undone({
        {"index in the reference",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::InodeRef>(item_at(items, ref_key(bench, "/file1", top)),
                                        [](btrfs::InodeRef& ref) { ref.index = 77; });
         }},
        {"hash of the item",
         [](const auto&, Items& items) { item_at(items, dir_item_key(top, "file1")).key.offset ^= 4; }},
        {"hash of an attribute",
         [](const auto&, Items& items) { item_of_type(items, type::xattr_item).key.offset ^= 0x100; }},
        {"location of an attribute",
         [](const auto&, Items& items) {
             change_entry(item_of_type(items, type::xattr_item),
                          [](btrfs::DirItem& entry) { entry.location.type = 128; });
         }},
        {"a second index",
         [](const auto&, Items& items) {
             auto twin = index_of(items, top, "file1");
             twin.key.offset = 99;
             items.push_back(twin);
         }},
    });
}

TEST_CASE("the type of a file, in one of three places") {
    const auto becomes = [](btrfs::FileType file_type) {
        return [file_type](btrfs::DirItem& entry) { entry.type = static_cast<u8>(file_type); };
    };
    check_each_is_undone({
        {"item",
         [&](const auto&, Items& items) {
             change_entry(item_at(items, dir_item_key(top, "file1")), becomes(btrfs::FileType::fifo));
         }},
        {"index", [&](const auto&,
                      Items& items) { change_entry(index_of(items, top, "dir"), becomes(btrfs::FileType::regular)); }},
        {"one that there is not",
         [](const auto&, Items& items) {
             change_entry(index_of(items, top, "dir"), [](btrfs::DirItem& entry) { entry.type = 12; });
         }},
        {"mode",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::InodeItem>(item_at(items, {bench.inode("/dir/inner"), type::inode_item, 0}),
                                         [](btrfs::InodeItem& inode) { inode.mode = 0010640; });
         }},
    });
}

TEST_CASE("an index that has moved keeps its place, and the inode follows") {
    RepairBench bench;
    bench.filesystem.edit(btrfs::fs_tree_id, [](Items& items) { index_of(items, top, "file1").key.offset = 50; });
    bench.repair();
    CHECK(bench.check().all().empty());
    auto items = bench.items();
    CHECK(index_of(items, top, "file1").key.offset == 50);
}

TEST_CASE("one form alone is no majority: it is left as it is") {
    RepairBench bench;
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
        take_item(items, dir_item_key(top, "file1"));
        take_item(items, ref_key(bench, "/file1", top));
    });
    const auto damaged = text_of(bench.items());
    const auto report = bench.repair();
    CHECK(!report.commit.is_committed);
    CHECK(std::ranges::none_of(report.plan, &repair::Fix::is_made));
    CHECK(text_of(bench.items()) == damaged);
}

} // namespace repair_names_test

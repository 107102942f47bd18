// SPDX-License-Identifier: MIT
// What remains where something is lost for good, or goes anyway: space and checksums of files, holes, begun deletions.
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/path_lookup.h"
#include "tests/unit/ops/transaction_bench.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace repair_remains_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Items = RepairBench::Items;

u64 address_of(const LeafItem& extent) {
    const auto* range = view_at<btrfs::FileExtentRange>(extent.data, sizeof(btrfs::FileExtentHead));
    REQUIRE(range != nullptr);
    return range->disk_bytenr;
}

/// The extent tree has nothing of that file's extent.
u64 forget_extent(RepairBench& bench, std::string_view path) {
    auto items = bench.items(btrfs::fs_tree_id);
    const u64 address = address_of(item_at(items, {bench.inode(path), type::extent_data, 0}));
    bench.filesystem.edit(btrfs::extent_tree_id, [&](Items& extents) {
        std::erase_if(extents, [&](const LeafItem& item) {
            return item.key.objectid == address && item.key.type == type::extent_item;
        });
    });
    return address;
}

/// The subvolume waits to be deleted, as after `btrfs subvolume delete` and a crash.
void begin_deletion(RepairBench& bench) {
    const u64 id = bench.subvolume();
    bench.filesystem.edit(btrfs::root_tree_id, [&](Items& items) {
        take_item(items, {btrfs::fs_tree_id, type::root_ref, id});
        take_item(items, {id, type::root_backref, btrfs::fs_tree_id});
        edit_body<btrfs::RootItem>(item_at(items, {id, type::root_item, 0}),
                                   [](btrfs::RootItem& root) { root.refs = 0; });
        items.push_back({{btrfs::orphan_objectid, type::orphan_item, id}, {}});
    });
    bench.filesystem.edit(btrfs::uuid_tree_id, [&](Items& items) {
        std::erase_if(items, [&](const LeafItem& item) { return item.data == bytes_from(btrfs::le64(id)); });
    });
}

void take_names(RepairBench& bench) {
    const u64 dir = bench.inode("/dir");
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
        take_item(items, dir_item_key(dir, "sub"));
        take_item(items, index_of(items, dir, "sub").key);
        edit_body<btrfs::InodeItem>(item_at(items, {dir, type::inode_item, 0}),
                                    [](btrfs::InodeItem& inode) { inode.size = inode.size - 2 * 3; });
    });
}

bool has_item(const RepairBench& bench, u64 tree, u64 objectid, u8 item_type) {
    const auto items = bench.items(tree);
    return std::ranges::any_of(
        items, [&](const LeafItem& item) { return item.key.objectid == objectid && item.key.type == item_type; });
}

} // namespace

TEST_CASE("checksums of what files have stay, though the extent tree does not have it") {
    RepairBench bench;
    const auto before = text_of(bench.items(btrfs::csum_tree_id));
    forget_extent(bench, "/file1");
    CHECK(bench.check().any(ProblemCode::csum_unfounded));
    CHECK(left_of(bench.repair()) == "");
    CHECK(bench.check().all().empty());
    CHECK(text_of(bench.items(btrfs::csum_tree_id)) == before);
}

TEST_CASE("while an extent that a file has can't be recorded, its space is not called free") {
    RepairBench bench;
    const u64 address = forget_extent(bench, "/file1");
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) { // so that the extent tree can't be made anew
        auto& extent = item_at(items, {bench.inode("/file2"), type::extent_data, 0});
        auto& range = *reinterpret_cast<btrfs::FileExtentRange*>(extent.data.data() + sizeof(btrfs::FileExtentHead));
        range.disk_bytenr = u64{1} << 45;
        range.disk_num_bytes = range.disk_num_bytes + 4096;
    });
    CHECK(bench.check().any(ProblemCode::free_space_missing));
    CHECK(left_of(bench.repair()) != "");
    const auto free_space = bench.items(btrfs::free_space_tree_id);
    CHECK(std::ranges::none_of(free_space, [&](const LeafItem& item) {
        return item.key.type == type::free_space_extent && item.key.objectid <= address &&
               address < item.key.objectid + item.key.offset;
    }));
}

TEST_CASE("what a file has lost is a hole, where holes have items, if that is allowed") {
    EditedFilesystem filesystem({.features = {"^no-holes"}});
    u64 inode = 0;
    u64 address = 0;
    filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
        const auto taken = take_item(items, item_of_type(items, type::extent_data).key);
        inode = taken.key.objectid;
        address = address_of(taken);
    });
    filesystem.edit(btrfs::extent_tree_id, [&](Items& items) {
        std::erase_if(items, [&](const LeafItem& item) { return item.key.objectid == address; });
    });
    CHECK(left_of(repair_in_place(filesystem)) != "");
    CHECK(left_of(repair_in_place(filesystem, dropping)) == "");
    CHECK(check_filesystem(filesystem.open()).findings.all().empty());
    auto items = filesystem.items(btrfs::fs_tree_id);
    CHECK(address_of(item_at(items, {inode, type::extent_data, 0})) == 0);
}

TEST_CASE("what is wrong in a subvolume that is being deleted goes with it") {
    RepairBench bench;
    begin_deletion(bench);
    take_names(bench);
    CHECK(!bench.repair().commit.is_committed); // nothing is wrong
    bench.filesystem.edit(bench.subvolume(), [](Items& items) {
        auto reference = item_of_type(items, type::inode_ref); // of an inode that is not there
        reference.key.objectid = 300;
        items.push_back(std::move(reference));
    });
    CHECK(left_of(bench.repair()) == "");
    CHECK(bench.check().all().empty());
    CHECK(!has_item(bench, btrfs::root_tree_id, bench.subvolume(), type::root_item));
}

TEST_CASE("names that lead to a subvolume that is being deleted go") {
    RepairBench bench;
    begin_deletion(bench);
    CHECK(bench.check().any(ProblemCode::root_entry_unfounded));
    CHECK(left_of(bench.repair()) == "");
    const auto filesystem = bench.filesystem.open();
    CHECK(!find_path(filesystem, "/dir/sub"));
    CHECK(find_path(filesystem, "/dir/inner").has_value());
    CHECK(has_item(bench, btrfs::root_tree_id, bench.subvolume(), type::root_item)); // the next mount's matter
}

TEST_CASE("an entry that leads to a subvolume of which nothing is left goes, if that is allowed") {
    RepairBench bench;
    const u64 id = bench.subvolume();
    const auto filesystem = bench.filesystem.open();
    const u64 root = must(filesystem.find_tree(id)).block.address.bytenr;
    bench.filesystem.edit(btrfs::root_tree_id, [&](Items& items) {
        std::erase_if(items, [&](const LeafItem& item) {
            return item.key.objectid == id || (item.key.type == type::root_ref && item.key.offset == id);
        });
    });
    bench.filesystem.write(root, std::vector<std::byte>(filesystem.geometry().nodesize));
    CHECK(left_of(bench.repair(guessing)) != "");
    CHECK(left_of(bench.repair(dropping)) == "");
    CHECK(bench.check().all().empty());
    CHECK(!find_path(bench.filesystem.open(), "/dir/sub"));
}

TEST_CASE("the tree of moved data is made anew where nothing leads to it") {
    RepairBench bench;
    const auto before = text_of(bench.items(btrfs::data_reloc_tree_id));
    bench.filesystem.edit(btrfs::root_tree_id,
                          [](Items& items) { take_item(items, {btrfs::data_reloc_tree_id, type::root_item, 0}); });
    CHECK(left_of(bench.repair()) == "");
    CHECK(bench.check().all().empty());
    CHECK(bench.items(btrfs::data_reloc_tree_id).size() == 2);
    CHECK(before != "");
}

} // namespace repair_remains_test

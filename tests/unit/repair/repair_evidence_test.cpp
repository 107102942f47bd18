// SPDX-License-Identifier: MIT
// What proves what a value was, and what only seems to.
#include "formats/btrfs/device.h"
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/blocks/mend_block.h"
#include "tests/unit/ops/transaction_bench.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace repair_evidence_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Items = RepairBench::Items;

/// Changes the only block of a tree, and gives it its checksum again.
void edit_root(RepairBench& bench, u64 tree, const std::function<void(std::vector<std::byte>&)>& change) {
    const auto filesystem = bench.filesystem.open();
    const OwnedBlock root(filesystem.reader(), must(filesystem.find_tree(tree)).block);
    std::vector<std::byte> bytes(root.block().bytes().begin(), root.block().bytes().end());
    change(bytes);
    const Logical address = {root.block().header().bytenr};
    bench.filesystem.write(address.bytenr, repair::sealed(filesystem.geometry(), address, std::move(bytes), {}).bytes);
}

btrfs::ItemHeader& header_of_item(std::vector<std::byte>& leaf, u32 slot) {
    return reinterpret_cast<btrfs::ItemHeader*>(leaf.data() + sizeof(btrfs::TreeBlockHeader))[slot];
}

void change_extent(LeafItem& item, const std::function<void(btrfs::FileExtentHead&, btrfs::FileExtentRange&)>& change) {
    REQUIRE(item.data.size() == sizeof(btrfs::FileExtentHead) + sizeof(btrfs::FileExtentRange));
    change(*reinterpret_cast<btrfs::FileExtentHead*>(item.data.data()),
           *reinterpret_cast<btrfs::FileExtentRange*>(item.data.data() + sizeof(btrfs::FileExtentHead)));
}

} // namespace

TEST_CASE("an impossible address of a compressed extent is the one that the extent tree has, not one bit of its type") {
    RepairBench bench;
    u64 address = 0;
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
        change_extent(item_of_type(items, type::extent_data), [&](auto& head, auto& range) {
            address = range.disk_bytenr;
            head.compression = static_cast<u8>(btrfs::Compression::zlib);
            range.disk_bytenr = 0x123456789abc1;
        });
    });
    CHECK(left_of(bench.repair()) == "");
    CHECK(bench.check().all().empty());
    auto items = bench.items(btrfs::fs_tree_id);
    change_extent(item_of_type(items, type::extent_data), [&](auto& head, auto& range) {
        CHECK(head.type == static_cast<u8>(btrfs::FileExtentType::regular));
        CHECK(range.disk_bytenr == address);
    });
}

TEST_CASE("where the extent tree has an extent of a file elsewhere, the file is right, for its checksums are there") {
    for (const u64 distance : {u64{1}, u64{8192}, u64{1} << 22}) {
        CAPTURE(distance);
        RepairBench bench;
        const auto before = text_of(bench.items(btrfs::fs_tree_id));
        const auto extent = bench.filesystem.data_extent().key;
        bench.filesystem.edit(btrfs::extent_tree_id,
                              [&](Items& items) { item_at(items, extent).key.objectid = extent.objectid + distance; });
        CHECK(left_of(bench.repair(dropping)) == "");
        CHECK(bench.check().all().empty());
        CHECK(text_of(bench.items(btrfs::fs_tree_id)) == before);
    }
}

TEST_CASE("bits of several items of one leaf are mended, each by itself") {
    check_each_is_undone({{"two files and an inode", [](const auto& bench, Items& items) {
                               for (const auto* path : {"/file1", "/file2"}) {
                                   change_extent(item_at(items, {bench.inode(path), type::extent_data, 0}),
                                                 [](auto&, auto& range) { range.num_bytes = range.num_bytes ^ 8; });
                               }
                               edit_body<btrfs::InodeItem>(
                                   item_at(items, {bench.inode("/file3"), type::inode_item, 0}),
                                   [](btrfs::InodeItem& inode) { inode.mode = inode.mode ^ (1U << 30); });
                           }}});
}

TEST_CASE("the size of an item follows from its place") {
    RepairBench bench;
    const auto before = text_of(bench.items(btrfs::root_tree_id));
    edit_root(bench, btrfs::root_tree_id, [](auto& leaf) { header_of_item(leaf, 5).size = 0xfffff00c; });
    CHECK(left_of(bench.repair()) == "");
    CHECK(bench.check().all().empty());
    CHECK(text_of(bench.items(btrfs::root_tree_id)) == before);
}

TEST_CASE("a leaf does not become sound by having fewer items") {
    RepairBench bench;
    const auto count = bench.items(btrfs::root_tree_id).size();
    REQUIRE(count >= 8);
    REQUIRE(count < 16);
    // With 8 items less, one bit, the two that can't be would not be in it.
    edit_root(bench, btrfs::root_tree_id, [count](auto& leaf) {
        header_of_item(leaf, static_cast<u32>(count - 2)).size = 0xfffff00c;
        header_of_item(leaf, static_cast<u32>(count - 1)).offset = 0xfffff00c;
    });
    CHECK(!bench.repair().commit.is_committed);
}

TEST_CASE("chunks and devices have the keys that follow from what they are") {
    check_each_is_undone({
        {"chunk", [](const auto&, Items& items) { item_of_type(items, type::chunk_item).key.objectid = 255; },
         btrfs::chunk_tree_id},
        {"device", [](const auto&, Items& items) { item_of_type(items, type::dev_item).key.offset = 0x100801; },
         btrfs::chunk_tree_id},
    });
}

TEST_CASE("a device's item is what its superblock says, where it is missing or chunks lie beyond its end") {
    check_each_is_undone({
        {"missing", [](const auto&, Items& items) { take_item(items, item_of_type(items, type::dev_item).key); },
         btrfs::chunk_tree_id},
        {"without bytes",
         [](const auto&, Items& items) {
             edit_body<btrfs::DevItem>(item_of_type(items, type::dev_item),
                                       [](btrfs::DevItem& device) { device.total_bytes = 0; });
         },
         btrfs::chunk_tree_id},
    });
}

} // namespace repair_evidence_test

// SPDX-License-Identifier: MIT
// Blocks that no copy gives: what is left of them is believed where that is allowed; else they go.
#include "libfs/fs/path_lookup.h"
#include "tests/unit/ops/transaction_bench.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace repair_lost_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

void zero_root(RepairBench& bench, u64 tree) {
    const auto filesystem = bench.filesystem.open();
    const std::vector<std::byte> zeros(filesystem.geometry().nodesize);
    bench.filesystem.write(must(filesystem.find_tree(tree)).block.address.bytenr, zeros);
}

void spoil_checksum(RepairBench& bench, u64 tree) {
    const auto filesystem = bench.filesystem.open();
    const OwnedBlock root(filesystem.reader(), must(filesystem.find_tree(tree)).block);
    std::vector<std::byte> bytes(root.block().bytes().begin(), root.block().bytes().end());
    bytes.front() = ~bytes.front();
    bench.filesystem.write(root.block().header().bytenr, bytes);
}

/// Older versions too.
void zero_all_of(RepairBench& bench, u64 tree) {
    const auto filesystem = bench.filesystem.open();
    const auto& volume = filesystem.volume();
    std::vector<std::byte> block(filesystem.geometry().nodesize);
    const std::vector<std::byte> zeros(block.size());
    for (const auto& chunk : volume.chunks().chunks()) {
        for (u64 at = chunk.start.bytenr; at < chunk.start.bytenr + chunk.length; at += block.size()) {
            const auto& header = BlockView(block).header();
            if (volume.read({at}, block, 1) && header.bytenr == at && header.owner == tree) {
                bench.filesystem.write(at, zeros);
            }
        }
    }
}

} // namespace

TEST_CASE("a leaf with a wrong checksum gets the items that are in it, if that is allowed") {
    for (const u64 tree : {btrfs::fs_tree_id, btrfs::csum_tree_id}) {
        CAPTURE(tree);
        RepairBench bench;
        const auto before = text_of(bench.items(tree));
        spoil_checksum(bench, tree);
        const auto refused = bench.repair();
        CHECK(!refused.commit.is_committed);
        CHECK(refused.plan.back().why_not == "only guessed: --allow block-lost makes it");
        CHECK(left_of(bench.repair(guessing)) == "");
        CHECK(bench.check().all().empty());
        CHECK(text_of(bench.items(tree)) == before);
    }
}

TEST_CASE("a leaf of which nothing is left gets what an older version has, if that is allowed") {
    RepairBench bench;
    zero_root(bench, btrfs::fs_tree_id);
    CHECK(!bench.repair().commit.is_committed);
    CHECK(left_of(bench.repair(guessing)) == "");
    CHECK(bench.check().all().empty());
    const auto filesystem = bench.filesystem.open();
    CHECK(find_path(filesystem, "/file1").has_value()); // was made by mkfs
    CHECK(!find_path(filesystem, "/dir/inner"));        // by the change after that
}

TEST_CASE("a tree of files of which nothing is left becomes an empty one, if that is allowed; its subvolumes stay") {
    RepairBench bench;
    zero_all_of(bench, btrfs::fs_tree_id);
    CHECK(!bench.repair(guessing).commit.is_committed);
    CHECK(left_of(bench.repair(dropping)) == "");
    CHECK(bench.check().all().empty());
    const auto filesystem = bench.filesystem.open();
    CHECK(!find_path(filesystem, "/file1"));
    CHECK(find_path(filesystem, "/lost+found/subvolume-" + std::to_string(bench.subvolume())).has_value());
}

TEST_CASE("a root tree of which nothing is left is made of the roots that are found, if that is allowed") {
    RepairBench bench;
    const auto before = text_of(bench.items(btrfs::fs_tree_id));
    const auto sums = text_of(bench.items(btrfs::csum_tree_id));
    zero_all_of(bench, btrfs::root_tree_id);
    CHECK(!bench.repair(guessing).commit.is_committed);
    CHECK(left_of(bench.repair(dropping)) == "");
    CHECK(bench.check().all().empty());
    CHECK(text_of(bench.items(btrfs::fs_tree_id)) == before);
    CHECK(text_of(bench.items(btrfs::csum_tree_id)) == sums);
    CHECK(find_path(bench.filesystem.open(), "/dir/sub").has_value());
}

TEST_CASE("checksums of which nothing is left are made of the data") {
    RepairBench bench;
    const auto before = text_of(bench.items(btrfs::csum_tree_id));
    zero_root(bench, btrfs::csum_tree_id);
    CHECK(!bench.repair(guessing).commit.is_committed);
    CHECK(left_of(bench.repair(dropping)) == "");
    CHECK(bench.check().all().empty());
    CHECK(text_of(bench.items(btrfs::csum_tree_id)) == before);
}

TEST_CASE("a directory of which nothing is left but what its files say is made anew") {
    for (const bool has_entries : {false, true}) {
        CAPTURE(has_entries);
        RepairBench bench;
        const u64 dir = bench.inode("/dir");
        bench.filesystem.edit(btrfs::fs_tree_id, [&](RepairBench::Items& items) {
            std::erase_if(items, [&](const LeafItem& item) { return item.key.objectid == dir; });
            if (!has_entries) {
                take_item(items, dir_item_key(btrfs::root_dir_inode, "dir"));
                take_item(items, index_of(items, btrfs::root_dir_inode, "dir").key);
            }
        });
        CHECK(left_of(bench.repair()) != "");
        CHECK(left_of(bench.repair(dropping)) == "");
        CHECK(bench.check().all().empty());
        const auto filesystem = bench.filesystem.open();
        const std::string place = has_entries ? "/dir" : "/lost+found/inode-" + std::to_string(dir);
        const auto inner = find_path(filesystem, place + "/inner");
        REQUIRE_MESSAGE(inner, inner.error().message);
        CHECK(inner->inode == bench.inode("/dir/inner"));
        CHECK(find_path(filesystem, place + "/link").has_value());
    }
}

} // namespace repair_lost_test

// SPDX-License-Identifier: MIT
// Roots that nothing leads to any more: root items, the root tree, the chunk tree. They are found by what blocks say.
#include "libfs/volume/sys_chunk_array.h"
#include "tests/unit/ops/transaction_bench.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace repair_roots_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

void change_root_item(RepairBench& bench, u64 tree, const std::function<void(LeafItem&)>& change) {
    bench.filesystem.edit(btrfs::root_tree_id,
                          [&](RepairBench::Items& items) { change(item_at(items, {tree, type::root_item, 0})); });
}

void lead_nowhere(LeafItem& item) {
    edit_body<btrfs::RootItem>(item, [](btrfs::RootItem& root) { root.bytenr = u64{root.bytenr} + (u64{1} << 40); });
}

/// What the roots of a filesystem hold.
std::string text_of_trees(const RepairBench& bench) {
    return text_of(bench.items(btrfs::fs_tree_id)) + text_of(bench.items(btrfs::csum_tree_id)) +
           text_of(bench.items(bench.subvolume()));
}

} // namespace

TEST_CASE("a root item that leads to nothing leads to the newest root that is found, if that is allowed") {
    for (const u64 tree : {btrfs::fs_tree_id, btrfs::csum_tree_id, btrfs::data_reloc_tree_id}) {
        CAPTURE(tree);
        RepairBench bench;
        const auto before = text_of_trees(bench);
        change_root_item(bench, tree, lead_nowhere);
        CHECK(!bench.repair().commit.is_committed);
        CHECK(bench.repair(guessing).left_count == 0);
        CHECK(bench.check().all().empty());
        CHECK(text_of_trees(bench) == before);
    }
}

TEST_CASE("trees that follow from others need no root item: it is made, and they are made anew") {
    for (const u64 tree : {btrfs::extent_tree_id, btrfs::dev_tree_id, btrfs::free_space_tree_id}) {
        for (const bool is_missing : {false, true}) {
            CAPTURE(tree);
            CAPTURE(is_missing);
            RepairBench bench;
            const auto before = text_of_trees(bench);
            if (is_missing) {
                bench.filesystem.edit(btrfs::root_tree_id,
                                      [&](RepairBench::Items& items) { take_item(items, {tree, type::root_item, 0}); });
            } else {
                change_root_item(bench, tree, lead_nowhere);
            }
            CHECK(bench.repair().left_count == 0);
            CHECK(bench.check().all().empty());
            CHECK(text_of_trees(bench) == before);
        }
    }
}

TEST_CASE("a root item whose key was written over is found again") {
    RepairBench bench;
    const auto before = text_of_trees(bench);
    change_root_item(bench, btrfs::data_reloc_tree_id, [](LeafItem& item) { item.key.type = type::chunk_item; });
    CHECK(!bench.repair().commit.is_committed);
    CHECK(bench.repair(guessing).left_count == 0);
    CHECK(bench.check().all().empty());
    CHECK(text_of_trees(bench) == before);
}

TEST_CASE("where no root of a tree is found, nothing is made up") {
    RepairBench bench;
    bench.filesystem.lose(btrfs::data_reloc_tree_id);
    change_root_item(bench, btrfs::data_reloc_tree_id, lead_nowhere);
    const auto report = bench.repair(guessing);
    CHECK(report.left_count > 0);
}

TEST_CASE("an offline conversion that was begun is taken back") {
    for (const u64 flag : {btrfs::super_flag_changing_fsid_v2, btrfs::super_flag_changing_bg_tree}) {
        CAPTURE(flag);
        RepairBench bench;
        const auto before = text_of_trees(bench);
        if (flag == btrfs::super_flag_changing_bg_tree) {
            bench.filesystem.edit(btrfs::block_group_tree_id, [](RepairBench::Items& items) { items.pop_back(); });
        }
        bench.filesystem.edit_super([&](btrfs::Superblock& super) { super.flags = super.flags | flag; });
        CHECK(left_of(bench.repair()) == "");
        CHECK(bench.check().all().empty());
        CHECK((bench.filesystem.open().super().flags & btrfs::super_flags_changing) == 0);
        CHECK(text_of_trees(bench) == before);
    }
}

TEST_CASE("what is left of a tree for block groups goes when its conversion is taken back") {
    RepairBench bench;
    // As if it were not there yet: its items stand in the extent tree, all but the last one.
    const auto groups = bench.items(btrfs::block_group_tree_id);
    bench.filesystem.edit(btrfs::extent_tree_id, [&](RepairBench::Items& items) {
        items.insert(items.end(), groups.begin(), std::prev(groups.end()));
    });
    bench.filesystem.edit_super([](btrfs::Superblock& super) {
        super.flags = super.flags | btrfs::super_flag_changing_bg_tree;
        super.compat_ro_flags = super.compat_ro_flags & ~btrfs::compat_ro_block_group_tree;
    });
    CHECK(left_of(bench.repair()) == "");
    CHECK(bench.check().all().empty());
    const auto filesystem = bench.filesystem.open();
    CHECK(!filesystem.geometry().has_block_group_tree());
    CHECK(!filesystem.find_tree(btrfs::block_group_tree_id));
}

TEST_CASE("the root tree is found where the superblock leads to nothing") {
    RepairBench bench;
    const auto before = text_of_trees(bench);
    bench.filesystem.edit_super([](btrfs::Superblock& super) { super.root = u64{super.root} + (u64{1} << 40); });
    CHECK(!bench.repair().commit.is_committed);
    CHECK(bench.repair(guessing).left_count == 0);
    CHECK(bench.check().all().empty());
    CHECK(text_of_trees(bench) == before);
}

TEST_CASE("of a root tree that is lost an older one is taken, and leads to the newest of all trees") {
    RepairBench bench;
    const auto before = text_of_trees(bench);
    const auto filesystem = bench.filesystem.open();
    const std::vector<std::byte> zeros(filesystem.geometry().nodesize);
    bench.filesystem.write(filesystem.root_tree().block.address.bytenr, zeros);
    CHECK(!bench.repair().commit.is_committed);
    const auto report = bench.repair(dropping);
    CHECK(report.left_count == 0);
    CHECK(bench.check().all().empty());
    CHECK(text_of_trees(bench) == before); // which is younger than the root tree of before
}

TEST_CASE("an array of system chunks that says what can't be is made from the chunk tree, which is found") {
    using Damage = void (*)(btrfs::ChunkItem&);
    for (const Damage damage : {Damage([](btrfs::ChunkItem& chunk) { chunk.num_stripes = 0; }),
                                Damage([](btrfs::ChunkItem& chunk) { chunk.type = btrfs::block_group_raid10; }),
                                Damage([](btrfs::ChunkItem& chunk) { chunk.length = ~u64{0}; })}) {
        RepairBench bench;
        const auto before = text_of_trees(bench);
        bench.filesystem.edit_super([&](btrfs::Superblock& super) {
            damage(*reinterpret_cast<btrfs::ChunkItem*>(super.sys_chunk_array.data() + sizeof(btrfs::DiskKey)));
        });
        CHECK(bench.repair().left_count == 0);
        CHECK(bench.check().all().empty());
        CHECK(text_of_trees(bench) == before);
    }
}

TEST_CASE("the directory in the root tree is made anew, with the default subvolume that it names") {
    for (const bool is_entry_lost : {false, true}) {
        CAPTURE(is_entry_lost);
        RepairBench bench;
        const auto before = text_of(bench.items(btrfs::fs_tree_id));
        bench.filesystem.edit(btrfs::root_tree_id, [&](RepairBench::Items& items) {
            auto& inode = item_at(items, {btrfs::root_tree_dir_id, type::inode_item, 0});
            std::ranges::fill(inode.data, std::byte{0x30});
            if (is_entry_lost) {
                std::ranges::fill(item_of_type(items, type::dir_item).data, std::byte{0x30});
            }
        });
        CHECK(bench.repair(guessing).left_count == 0);
        CHECK(bench.check().all().empty());
        CHECK(text_of(bench.items(btrfs::fs_tree_id)) == before);
    }
}

TEST_CASE("where a device is missing nothing is repaired") {
    RepairBench bench;
    bench.filesystem.edit(btrfs::chunk_tree_id, [](RepairBench::Items& items) {
        auto other = item_of_type(items, type::dev_item);
        other.key.offset = 2;
        edit_body<btrfs::DevItem>(other, [](btrfs::DevItem& device) {
            device.devid = 2;
            device.uuid.bytes[0] ^= 1;
        });
        items.push_back(other);
    });
    change_root_item(bench, btrfs::fs_tree_id, lead_nowhere);
    const auto damaged = bench.filesystem.open();
    const auto report = repair::run(damaged, bench.filesystem.writable(), dropping, {}, {}, {});
    CHECK((!report || !report->commit.is_committed));
}

TEST_CASE("an item that the root tree can't have goes, if that is allowed") {
    RepairBench bench;
    bench.filesystem.edit(btrfs::root_tree_id, [](RepairBench::Items& items) {
        items.push_back({.key = {77, 77, 77}, .data = std::vector<std::byte>(7)});
    });
    CHECK(!bench.repair(guessing).commit.is_committed);
    CHECK(bench.repair(dropping).left_count == 0);
    CHECK(bench.check().all().empty());
}

} // namespace repair_roots_test

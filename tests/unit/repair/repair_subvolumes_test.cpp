// SPDX-License-Identifier: MIT
// One of the four forms that say where a subvolume stands is lost or wrong, or all of them are.
#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "formats/btrfs/root.h"
#include "libfs/fs/path_lookup.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace repair_subvolumes_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Items = RepairBench::Items;

btrfs::Key ref_key(const RepairBench& bench) {
    return {btrfs::fs_tree_id, type::root_ref, bench.subvolume()};
}

btrfs::Key backref_key(const RepairBench& bench) {
    return {bench.subvolume(), type::root_backref, btrfs::fs_tree_id};
}

btrfs::Key entry_key(const RepairBench& bench) {
    return dir_item_key(bench.inode("/dir"), "sub");
}

auto with_root(std::function<void(btrfs::RootItem&)> change) {
    return [change = std::move(change)](const RepairBench& bench, Items& items) {
        edit_body<btrfs::RootItem>(item_at(items, {bench.subvolume(), type::root_item, 0}), change);
    };
}

} // namespace

TEST_CASE("where a subvolume stands is what most forms say") {
    check_each_is_undone({
        {"no reference", [](const auto& bench, Items& items) { take_item(items, ref_key(bench)); },
         btrfs::root_tree_id},
        {"no reference back", [](const auto& bench, Items& items) { take_item(items, backref_key(bench)); },
         btrfs::root_tree_id},
        {"neither",
         [](const auto& bench, Items& items) {
             take_item(items, ref_key(bench));
             take_item(items, backref_key(bench));
         },
         btrfs::root_tree_id},
        {"name in the reference",
         [](const auto& bench, Items& items) { item_at(items, ref_key(bench)).data.back() = std::byte{'X'}; },
         btrfs::root_tree_id},
        {"sequence in the reference back",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::RootRef>(item_at(items, backref_key(bench)),
                                       [](btrfs::RootRef& ref) { ref.sequence = 99; });
         },
         btrfs::root_tree_id},
        {"directory in the reference",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::RootRef>(item_at(items, ref_key(bench)), [](btrfs::RootRef& ref) { ref.dirid = 256; });
         },
         btrfs::root_tree_id},
        {"length of the name",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::RootRef>(item_at(items, ref_key(bench)), [](btrfs::RootRef& ref) { ref.name_len = 2; });
         },
         btrfs::root_tree_id},
        {"no item", [](const auto& bench, Items& items) { take_item(items, entry_key(bench)); }},
        {"no index",
         [](const auto& bench, Items& items) { take_item(items, index_of(items, bench.inode("/dir"), "sub").key); }},
        {"neither",
         [](const auto& bench, Items& items) {
             take_item(items, entry_key(bench));
             take_item(items, index_of(items, bench.inode("/dir"), "sub").key);
         }},
        {"index that leads elsewhere",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::DirItem>(index_of(items, bench.inode("/dir"), "sub"),
                                       [](btrfs::DirItem& entry) { entry.location.objectid = 300; });
         }},
        {"name in the index",
         [](const auto& bench, Items& items) {
             index_of(items, bench.inode("/dir"), "sub").data.back() = std::byte{'X'};
         }},
        {"type in the item",
         [](const auto& bench, Items& items) {
             edit_body<btrfs::DirItem>(item_at(items, entry_key(bench)), [](btrfs::DirItem& entry) { entry.type = 1; });
         }},
        {"too many references", with_root([](btrfs::RootItem& root) { root.refs = 3; }), btrfs::root_tree_id},
        {"unknown flags", with_root([](btrfs::RootItem& root) { root.flags = u64{1} << 30; }), btrfs::root_tree_id},
        {"another top directory", with_root([](btrfs::RootItem& root) { root.root_dirid = 0; }), btrfs::root_tree_id},
        {"last snapshot", with_root([](btrfs::RootItem& root) { root.last_snapshot = 900; }), btrfs::root_tree_id},
        {"no references", with_root([](btrfs::RootItem& root) { root.refs = 0; }), btrfs::root_tree_id},
    });
}

TEST_CASE("a subvolume that nothing names any more is found in lost+found") {
    RepairBench bench;
    bench.filesystem.edit(btrfs::root_tree_id, [&](Items& items) {
        take_item(items, ref_key(bench));
        take_item(items, backref_key(bench));
    });
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
        take_item(items, entry_key(bench));
        take_item(items, index_of(items, bench.inode("/dir"), "sub").key);
        edit_body<btrfs::InodeItem>(item_at(items, {bench.inode("/dir"), type::inode_item, 0}),
                                    [](btrfs::InodeItem& inode) { inode.size = inode.size - 6; });
    });
    CHECK(bench.check().any(ProblemCode::root_ref_missing));
    CHECK(bench.repair({.now = {.sec = 4000}}).left_count == 0);
    CHECK(bench.check().all().empty());
    const auto filesystem = bench.filesystem.open();
    const auto place = find_path(filesystem, "/lost+found/subvolume-" + std::to_string(bench.subvolume()));
    REQUIRE_MESSAGE(place, place.error().message);
    CHECK(place->tree.id == bench.subvolume());
}

TEST_CASE("a subvolume whose forms contradict each other, two to two, stays as it is") {
    RepairBench bench;
    bench.filesystem.edit(btrfs::root_tree_id, [&](Items& items) {
        item_at(items, ref_key(bench)).data.back() = std::byte{'X'};
        item_at(items, backref_key(bench)).data.back() = std::byte{'X'};
    });
    const auto before = text_of(bench.items());
    CHECK(!bench.repair().commit.is_committed);
    CHECK(text_of(bench.items()) == before);
}

} // namespace repair_subvolumes_test

// SPDX-License-Identifier: MIT
// What is only probable, and what costs something: done where it is allowed, and left alone otherwise.
#include "formats/btrfs/dir.h"
#include "formats/btrfs/inode.h"
#include "formats/btrfs/item_types.h"
#include "libfs/edit/dir_item_list.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/path_lookup.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace repair_guesses_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Items = RepairBench::Items;

constexpr u64 top = btrfs::root_dir_inode;

btrfs::Key ref_key(const RepairBench& bench, std::string_view path, u64 dir) {
    return {bench.inode(path), type::inode_ref, dir};
}

} // namespace

TEST_CASE("of a name one form is left, and the inode says that it has one more than are known") {
    check_each_is_undone(
        {
            {"index",
             [](const auto& bench, Items& items) {
                 take_item(items, dir_item_key(top, "file1"));
                 take_item(items, ref_key(bench, "/file1", top));
             }},
            {"reference",
             [](const auto& bench, Items& items) {
                 take_item(items, dir_item_key(bench.inode("/dir"), "inner"));
                 take_item(items, index_of(items, bench.inode("/dir"), "inner").key);
             }},
        },
        guessing);
    RepairBench bench;
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
        take_item(items, index_of(items, top, "file3").key);
        take_item(items, ref_key(bench, "/file3", top));
    });
    CHECK(!bench.repair().commit.is_committed);
    CHECK(bench.repair(guessing).left_count == 0);
    CHECK(bench.check().all().empty());
    const auto place = find_path(bench.filesystem.open(), "/file3");
    REQUIRE_MESSAGE(place, place.error().message);
    CHECK(place->inode == bench.inode("/file3"));
}

TEST_CASE("an entry that leads to no inode goes, if that is allowed") {
    const auto add_entries = [](const RepairBench&, Items& items) {
        const auto entry = dir_item_of({4000, type::inode_item, 0}, btrfs::FileType::regular, 2, "gone");
        items.push_back({dir_item_key(top, "gone"), entry});
        items.push_back({{top, type::dir_index, 90}, entry});
    };
    check_each_is_undone({{"entry", add_entries}}, dropping);
    RepairBench bench;
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) { add_entries(bench, items); });
    CHECK(!bench.repair(guessing).commit.is_committed);
}

TEST_CASE("an inode item that is lost is made up from what is left of the inode") {
    for (const auto* path : {"/file1", "/dir", "/symlink"}) {
        CAPTURE(std::string(path));
        RepairBench bench;
        btrfs::InodeItem old;
        bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
            old = *view_at<btrfs::InodeItem>(take_item(items, {bench.inode(path), type::inode_item, 0}).data);
        });
        CHECK(!bench.repair().commit.is_committed);
        CHECK(bench.repair(guessing).left_count == 0);
        CHECK(bench.check().all().empty());
        auto items = bench.items();
        const auto made = *view_at<btrfs::InodeItem>(item_at(items, {bench.inode(path), type::inode_item, 0}).data);
        CHECK((made.mode & S_IFMT) == (old.mode & S_IFMT));
        CHECK(made.nlink == old.nlink);
        CHECK(made.nbytes == old.nbytes);
        CHECK(made.size >= old.size);
        CHECK(made.size < old.size + 4096);
        CHECK(made.mtime.sec == 4000);
    }
}

TEST_CASE("a directory with two names keeps one") {
    RepairBench bench;
    const u64 dir = bench.inode("/dir");
    bench.filesystem.edit(btrfs::fs_tree_id, [&](Items& items) {
        const auto entry = dir_item_of({dir, type::inode_item, 0}, btrfs::FileType::directory, 2, "loop");
        items.push_back({dir_item_key(dir, "loop"), entry});
        items.push_back({{dir, type::dir_index, 90}, entry});
        items.push_back({{dir, type::inode_ref, dir},
                         bytes_from(btrfs::InodeRef{.index = 90, .name_len = 4}, std::string_view("loop"))});
        edit_body<btrfs::InodeItem>(item_at(items, {dir, type::inode_item, 0}), [](btrfs::InodeItem& inode) {
            inode.nlink = 2;
            inode.size = inode.size + 8;
        });
    });
    const auto before = text_of(RepairBench().items());
    CHECK(!bench.repair().commit.is_committed);
    CHECK(bench.repair(guessing).left_count == 0);
    CHECK(bench.check().all().empty());
    CHECK(text_of(bench.items()) == before);
}

TEST_CASE("what only users know") {
    RepairBench bench;
    bench.filesystem.edit(btrfs::root_tree_id, [&](Items& items) {
        edit_body<btrfs::RootItem>(item_at(items, {bench.subvolume(), type::root_item, 0}),
                                   [](btrfs::RootItem& root) { root.received_uuid.bytes.fill(3); });
    });
    CHECK(bench.check().any(ProblemCode::root_received_writable));
    bench.repair(); // the uuid tree
    CHECK(bench.check().any(ProblemCode::root_received_writable));
    CHECK(bench.repair(guessing).left_count == 0);
    CHECK(bench.check().all().empty());
}

} // namespace repair_guesses_test

// SPDX-License-Identifier: MIT
// A log that waits, made of what an edit has changed: replayed, it gives what the edit had given; dropped or replayed,
// its blocks stand as they were, for until the new superblocks stand the old ones lead there.
#include "formats/btrfs/dir.h"
#include "libfs/ops/edit_files/change.h"
#include "libfs/volume/superblock_writer.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/unit/ops/transaction_bench.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace replayed_log_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

std::vector<SuperblockImage> superblocks_of(const RepairBench& bench) {
    std::vector<SuperblockImage> images;
    for (const auto& [devid, device] : bench.filesystem.writable()) {
        for (const u64 offset : written_superblock_offsets(*device, bench.filesystem.open().super())) {
            SuperblockImage image{.devid = devid, .offset = offset};
            must(device->read(offset, image.bytes));
            images.push_back(image);
        }
    }
    return images;
}

void edit(const RepairBench& bench) {
    using namespace edit_files;
    const std::vector<edit_files::Change> changes = {
        Move{.from = "/file1", .to = "/dir/moved"},
        Remove{.path = "/file3"},
        Copy{.from = "/file2", .to = "/file3"},
        Truncate{.path = "/file2", .size = 5000},
        SetXattr{.path = "/dir", .xattr = {"user.new", "value"}},
        RemoveXattr{.path = "/file3", .name = "user.key", .may_be_missing = true},
        MakeDirectory{.path = "/dir/made", .with_parents = true},
        Link{.target = "/file2", .path = "/dir/made/linked"},
        Link{.target = "anywhere", .path = "/symbolic", .is_symbolic = true},
        Move{.from = "/dir/inner", .to = "/dir/made/inner"},
    };
    std::vector<Command> commands;
    for (const auto& change : changes) {
        commands.push_back({.change = change});
    }
    const auto filesystem = bench.filesystem.open();
    must(edit_files::run(filesystem, bench.filesystem.writable(), commands, {.now = {.sec = 7000}}, {}));
}

/// What a log would have if everything had been synced.
RepairBench::Items log_of_all(const RepairBench& bench) {
    RepairBench::Items log = bench.items(btrfs::csum_tree_id);
    for (const auto& item : bench.items()) {
        if (item.key.type != type::dir_item && item.key.type != type::orphan_item) {
            log.push_back(item);
        }
        const auto* inode = item.key.type == type::inode_item ? view_at<btrfs::InodeItem>(item.data) : nullptr;
        if (inode != nullptr && (inode->mode & 0170000) == 0040000) {
            log.push_back({{item.key.objectid, type::dir_log_index, 0}, as_part(btrfs::DirLogItem{.end = ~u64{0}})});
        }
    }
    std::ranges::sort(log, {}, &LeafItem::key);
    return log;
}

/// The first places for tree blocks that are free, which whoever takes one takes first.
std::vector<u64> first_free_places(const RepairBench& bench, std::size_t count) {
    const auto filesystem = bench.filesystem.open();
    const auto extents = bench.items(btrfs::extent_tree_id);
    std::vector<u64> places;
    for (const auto& chunk : filesystem.volume().chunks().chunks()) {
        const bool is_metadata = (chunk.type & btrfs::block_group_metadata) != 0;
        for (u64 at = chunk.start.bytenr;
             is_metadata && at < chunk.start.bytenr + chunk.length && places.size() < count;
             at += filesystem.geometry().nodesize) {
            if (std::ranges::none_of(extents, [&](const auto& item) {
                    return item.key.objectid == at && item.key.type == type::metadata_item;
                })) {
                places.push_back(at);
            }
        }
    }
    return places;
}

/// Returns the blocks of the log, by address.
std::map<u64, Block> plant(RepairBench& bench, const RepairBench::Items& log) {
    auto& filesystem = bench.filesystem;
    const auto opened = filesystem.open();
    const auto places = first_free_places(bench, 2);
    const u64 generation = opened.geometry().generation + 1;
    btrfs::RootItem root;
    root.bytenr = places[1];
    root.generation = root.generation_v2 = generation;
    root.refs = 1;
    const RepairBench::Items roots = {{{btrfs::tree_log_id, type::root_item, btrfs::fs_tree_id}, as_part(root)}};
    std::map<u64, Block> blocks;
    for (const auto& [at, items] : {std::pair(places[0], roots), std::pair(places[1], log)}) {
        blocks[at] = build_leaf(opened.geometry(),
                                {.address = at, .owner = btrfs::tree_log_id, .generation = generation}, items);
        filesystem.write(at, blocks[at]);
    }
    filesystem.edit_super([&](btrfs::Superblock& super) { super.log_root = places[0]; });
    return blocks;
}

struct Logged {
    RepairBench bench;
    TreeListing wanted; ///< what the edit made
    std::map<u64, Block> log_blocks;
};

Logged logged() {
    Logged made;
    const auto before = superblocks_of(made.bench);
    edit(made.bench);
    made.wanted = must_portray(made.bench.filesystem.devices(), "edited").listing;
    const auto log = log_of_all(made.bench);
    must(SuperblockWriter(made.bench.filesystem.writable()).restore(before));
    made.log_blocks = plant(made.bench, log);
    return made;
}

void check_log_stands(const Logged& made) {
    const auto filesystem = made.bench.filesystem.open();
    for (const auto& [at, wanted] : made.log_blocks) {
        Block block(wanted.size());
        must(filesystem.volume().read({at}, block, 1));
        CHECK(block == wanted);
    }
}

} // namespace

TEST_CASE("a log that is replayed gives what was synced") {
    Logged made = logged();
    REQUIRE_FALSE(
        differences(must_portray(made.bench.filesystem.devices(), "logged").listing, made.wanted, {}).empty());
    const auto report = made.bench.repair({.log = repair::WaitingLog::replayed});
    CHECK(report.commit.is_committed);
    REQUIRE(report.log);
    CHECK(report.log->inodes.size() > 5);
    const auto after = must_portray(made.bench.filesystem.devices(), "replayed");
    for (const auto& difference : differences(after.listing, made.wanted, {})) {
        FAIL_CHECK(difference);
    }
    CHECK(after.findings.all().empty());
    check_log_stands(made);
}

TEST_CASE("a log that is dropped stands until the superblocks that lead to it are gone") {
    Logged made = logged();
    const auto before = must_portray(made.bench.filesystem.devices(), "logged");
    CHECK(made.bench.repair({.log = repair::WaitingLog::dropped}).commit.is_committed);
    const auto after = must_portray(made.bench.filesystem.devices(), "dropped");
    CHECK(differences(after.listing, before.listing, {}).empty());
    CHECK(after.findings.all().empty());
    check_log_stands(made);
}

TEST_CASE("a log is neither replayed nor dropped unless it is asked for") {
    Logged made = logged();
    const auto before = superblocks_of(made.bench);
    CHECK_FALSE(made.bench.repair().commit.is_committed);
    CHECK(superblocks_of(made.bench).front().bytes == before.front().bytes);
}

TEST_CASE("a log whose blocks are lost is not replayed") {
    Logged made = logged();
    made.bench.filesystem.write(made.log_blocks.rbegin()->first, Block(16384));
    const auto filesystem = made.bench.filesystem.open();
    const auto done =
        repair::run(filesystem, made.bench.filesystem.writable(), {.log = repair::WaitingLog::replayed}, {}, {}, {});
    REQUIRE_FALSE(done);
    CHECK(done.error().message.find("--drop-log") != std::string::npos);
    CHECK(filesystem.super().generation == made.bench.filesystem.open().super().generation);
}

} // namespace replayed_log_test

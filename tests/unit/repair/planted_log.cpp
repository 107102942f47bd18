// SPDX-License-Identifier: MIT
#include "tests/unit/repair/planted_log.h"

#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "tests/unit/ops/transaction_bench.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

void edit(const RepairBench& bench, const std::vector<edit_files::Change>& changes) {
    std::vector<edit_files::Command> commands;
    for (const auto& change : changes) {
        commands.push_back({.change = change});
    }
    const auto filesystem = bench.filesystem.open();
    must(edit_files::run(filesystem, bench.filesystem.writable(), commands, {.now = {.sec = 7000}}, {}));
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

} // namespace

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

RepairBench::Items log_of_all(const RepairBench& bench) {
    RepairBench::Items log = bench.items(btrfs::csum_tree_id);
    for (const auto& item : bench.items()) {
        if (item.key.type != type::dir_item && item.key.type != type::orphan_item) {
            log.push_back(item);
        }
        const auto* inode = item.key.type == type::inode_item ? view_at<btrfs::InodeItem>(item.data) : nullptr;
        if (inode != nullptr && S_ISDIR(inode->mode)) {
            log.push_back({{item.key.objectid, type::dir_log_index, 0}, as_part(btrfs::DirLogItem{.end = ~u64{0}})});
        }
    }
    std::ranges::sort(log, {}, &LeafItem::key);
    return log;
}

RepairBench::Items log_of_one(const RepairBench& bench, u64 inode) {
    RepairBench::Items log = bench.items(btrfs::csum_tree_id);
    for (const auto& item : bench.items()) {
        if (item.key.objectid == inode) {
            log.push_back(item);
        }
    }
    std::ranges::sort(log, {}, &LeafItem::key);
    return log;
}

Logged logged(const std::vector<edit_files::Change>& changes, const MakeLog& make_log) {
    Logged made;
    const auto before = superblocks_of(made.bench);
    edit(made.bench, changes);
    made.wanted = must_portray(made.bench.filesystem.devices(), "edited").listing;
    const auto log = make_log(made.bench);
    must(SuperblockWriter(made.bench.filesystem.writable()).restore(before));
    made.log_blocks = plant(made.bench, log);
    return made;
}

} // namespace btrkit::test

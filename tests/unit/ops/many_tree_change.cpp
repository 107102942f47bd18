// SPDX-License-Identifier: MIT
#include "tests/unit/ops/many_tree_change.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/ops/commit/commit.h"
#include "libfs/space/extent_item.h"
#include "libfs/volume/stripe_map.h"

#include <array>

#include <fmt/format.h>

namespace btrkit::test {

namespace {

struct Redundancy {
    const char* profile;
    std::size_t device_count;
};

constexpr std::array tested_redundancies = std::to_array<Redundancy>({
    {"dup", 1},
    {"raid1", 2},
    {"raid5", 3},
    {"raid10", 4},
    {"raid6", 4},
    {"raid1c3", 3},
    {"single", 1},
});
constexpr std::array checksum_names = {"crc32c", "xxhash", "sha256", "blake2"};
constexpr std::array node_sizes_kib = {u64{4}, u64{8}, u64{16}, u64{32}, u64{64}};

std::vector<std::string> space_features(std::size_t number) {
    switch (number % 3) {
    case 0: return {};
    case 1: return {"^block-group-tree"};
    default: return {"^free-space-tree", "^block-group-tree"};
    }
}

FilesystemKind kind_of(const Redundancy& redundancy) {
    return {.data_profile = redundancy.profile,
            .metadata_profile = redundancy.profile,
            .device_count = redundancy.device_count,
            .slack_bytes = 70 * mib};
}

/// Leaves of its own for the files from `first` on.
Result<void> touch_files(Transaction& transaction, u64 tree, u64 first, u64 count) {
    BTRKIT_TRY_ASSIGN(auto* buffer, transaction.tree(tree));
    for (u64 inode = first; inode < first + count; ++inode) {
        const btrfs::Key key = {inode, btrfs::item_type::inode_item, 0};
        BTRKIT_TRY_ASSIGN(auto item, buffer->find(key));
        if (item) {
            auto* stored = reinterpret_cast<btrfs::InodeItem*>(item->body.data());
            stored->mtime.sec = stored->mtime.sec + 1;
            buffer->put(key, std::move(item->body));
        }
    }
    return {};
}

/// One that shares all with its source but what holds so many files.
void add_snapshot(const TransactionBench& bench, const std::string& source, const std::string& path, u64 touched_files,
                  std::mt19937& random) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    SubvolumeEditor editor(transaction, {.sec = 3000});
    const auto place = must(editor.directories().find_parent(path));
    const u64 id = must(editor.snapshot(must(editor.find(source)), place, {.uuid = random_uuid(random)}));
    must(touch_files(transaction, id, btrfs::root_dir_inode + 1, touched_files));
    must(commit::run(transaction, bench.writable(filesystem), {.is_proven = false}, {}));
}

bool would_lay_chunk(const TransactionBench& bench) {
    const auto filesystem = bench.open();
    const auto count = filesystem.volume().chunks().chunks().size();
    auto transaction = must(change_many_trees(filesystem));
    must(transaction.propose());
    return transaction.chunks().chunks().size() > count;
}

} // namespace

std::string ChangedKind::text() const {
    std::string text = fmt::format("{} {} {}k", kind.metadata_profile, kind.checksum, *kind.nodesize_bytes / kib);
    for (const auto& feature : kind.features) {
        text += " " + feature;
    }
    return text + (kind.mixed ? " mixed" : "") + (is_full ? " full" : "");
}

std::vector<ChangedKind> changed_kinds() {
    std::vector<ChangedKind> all;
    for (std::size_t node = 0; node < node_sizes_kib.size(); ++node) {
        for (std::size_t i = 0; i < tested_redundancies.size(); ++i) {
            auto kind = kind_of(tested_redundancies[i]);
            kind.nodesize_bytes = node_sizes_kib[node] * kib;
            kind.checksum = checksum_names[(i + node) % checksum_names.size()];
            kind.features = space_features(i + 2 * node);
            all.push_back({.kind = kind});
        }
    }
    for (std::size_t i = 0; i < tested_redundancies.size(); ++i) {
        auto kind = kind_of(tested_redundancies[i]);
        kind.nodesize_bytes = u64{4} * kib;
        kind.checksum = checksum_names[i % checksum_names.size()];
        kind.features = space_features(i + 1);
        all.push_back({.kind = kind, .is_full = true});
        kind.mixed = true;
        kind.features = space_features(i);
        all.push_back({.kind = kind});
    }
    return all;
}

TransactionBench prepared_bench(const ChangedKind& kind) {
    TransactionBench bench(kind.kind, 100);
    std::mt19937 random(3);
    add_snapshot(bench, "/", "/old", 60, random);
    add_snapshot(bench, "/old", "/of-old", 20, random);
    for (unsigned number = 0; kind.is_full && !would_lay_chunk(bench); ++number) {
        REQUIRE(number < 1000);
        add_snapshot(bench, "/", fmt::format("/filler{}", number), 60, random);
    }
    return bench;
}

Result<Transaction> change_many_trees(const Filesystem& filesystem) {
    BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(filesystem, {}));
    SubvolumeEditor editor(transaction, {.sec = 4000});
    std::mt19937 random(7);
    BTRKIT_TRY_ASSIGN(const auto first, editor.directories().find_parent("/new"));
    BTRKIT_TRY(editor.create(first, {.uuid = random_uuid(random)}));
    BTRKIT_TRY_ASSIGN(const auto second, editor.directories().find_parent("/new/copy"));
    BTRKIT_TRY_ASSIGN(const u64 copy,
                      editor.snapshot(btrfs::fs_tree_id, second, {.uuid = random_uuid(random), .is_read_only = true}));
    BTRKIT_TRY(touch_files(transaction, copy, btrfs::root_dir_inode + 40, 10));
    BTRKIT_TRY_ASSIGN(const u64 old, editor.find("/old"));
    BTRKIT_TRY(editor.remove(old));
    BTRKIT_TRY_ASSIGN(const auto parent, editor.directories().find_parent("/new/folder"));
    BTRKIT_TRY(editor.directories().make_directory(parent.dir, parent.name));
    transaction.set_label("changed");
    return transaction;
}

Filesystem open_quietly(Devices devices) {
    return must(Filesystem::open(std::move(devices), {}, [](const Problem&) {}));
}

WritableDevices by_devid(const Filesystem& filesystem, std::span<WritableDevice* const> devices) {
    WritableDevices by_id;
    for (const auto& [devid, member] : filesystem.volume().members()) {
        by_id[devid] =
            *std::ranges::find(devices, member.device->name(), [](const auto* device) { return device->name(); });
    }
    return by_id;
}

PlacesInUse places_in_use(const Filesystem& filesystem) {
    PlacesInUse places;
    std::map<u64, std::string> names;
    for (const auto& [devid, member] : filesystem.volume().members()) {
        names[devid] = member.device->name();
        for (const u64 offset : btrfs::superblock_offsets) {
            places[names[devid]].insert(range_from(offset, btrfs::superblock_size));
        }
    }
    ItemRange items(filesystem.reader(), must(filesystem.find_tree(btrfs::extent_tree_id)).block,
                    KeyRange::through({0, 0, 0}, {~u64{0}, 0xff, ~u64{0}}));
    while (must(items.next())) {
        const auto extent = parse_extent(items.key(), items.data(), filesystem.geometry());
        for (u64 at = extent ? extent->bytenr : 0; extent && at < extent->bytenr + extent->length_bytes;) {
            const Chunk* chunk = filesystem.volume().chunks().find({at});
            const u64 rest = extent->bytenr + extent->length_bytes - at;
            u64 step = rest;
            for (unsigned mirror = 1; mirror <= stored_copies(*chunk); ++mirror) {
                const auto run = map_stripe(*chunk, {at}, rest, mirror);
                places[names[run.physical.devid]].insert(range_from(run.physical.offset, run.length));
                step = std::min(step, run.length);
            }
            at += step;
        }
    }
    return places;
}

std::size_t changed_places(const std::vector<const BlockDevice*>& before, const DeviceLayer& layer,
                           const PlacesInUse& in_use) {
    std::size_t count = 0;
    for (const auto& change : layer.changes()) {
        const auto number = static_cast<std::size_t>(
            std::ranges::find(before, change.device, [](const auto* device) { return device->name(); }) -
            before.begin());
        const auto written = range_from(change.place.offset, change.place.length);
        for (const Range range : in_use.at(change.device).within(written).ranges()) {
            std::vector<std::byte> old_bytes(range.length());
            std::vector<std::byte> bytes(range.length());
            must(before[number]->read(range.start, old_bytes));
            must(layer.readable()[number]->read(range.start, bytes));
            count += old_bytes == bytes ? 0 : 1;
        }
    }
    return count;
}

} // namespace btrkit::test

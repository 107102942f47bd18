// SPDX-License-Identifier: MIT
// Filesystems of all kinds made compact, smaller and larger: everything in them stays as it was.
#include "formats/btrfs/quota.h"
#include "libfs/ops/edit_files/change.h"
#include "libfs/ops/resize/resize.h"
#include "libfs/volume/stripe_map.h"
#include "tests/support/faulty_device.h"
#include "tests/unit/ops/interrupted_change.h"
#include "tests/unit/resize/cleared_front.h"
#include "tests/unit/resize/filesystem_shape.h"

#include <numeric>

#include <doctest/doctest.h>

namespace resize_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// What must not change.
struct Whole {
    explicit Whole(const TransactionBench& bench)
        : portrait(must_portray(views_of(bench.devices()), "filesystem")), shape(FilesystemShape(bench.open()).lines()),
          used_bytes(bench.open().super().bytes_used) {}

    Portrait portrait;
    std::vector<std::string> shape;
    u64 used_bytes;
};

void check_same(const Whole& before, const Whole& now) {
    CHECK(how_it_differs(now.portrait, before.portrait) == "");
    CHECK(now.portrait.findings.all().empty());
    CHECK(now.shape == before.shape);
    CHECK(now.used_bytes <= before.used_bytes);
}

Result<resize::Report> resized(const TransactionBench& bench, const resize::Change& change,
                               const resize::Options& options = {}, unsigned threads = 1) {
    const auto filesystem = bench.open();
    return resize::run(filesystem, bench.writable(filesystem), change, options, {.parallelism = {.threads = threads}});
}

/// What the device with the longest part of the filesystem has of it.
u64 size_of(const TransactionBench& bench) {
    return bench.open().super().dev_item.total_bytes;
}

std::vector<ChangedKind> some_kinds() {
    auto kinds = changed_kinds();
    std::vector<ChangedKind> some(kinds.begin(), kinds.begin() + (is_long_run() ? 14 : 7));
    const auto mixed = std::ranges::find_if(kinds, [](const ChangedKind& kind) { return kind.kind.mixed; });
    some.push_back(*mixed);
    return some;
}

/// With what a change has left free between what it left in use.
TransactionBench bench_with_holes(const ChangedKind& kind) {
    TransactionBench bench = prepared_bench(kind);
    const auto filesystem = bench.open();
    auto transaction = must(change_many_trees(filesystem));
    must(commit::run(transaction, bench.writable(filesystem), {.is_proven = false}, {}));
    return bench;
}

/// The same, none of it where it would be packed.
TransactionBench bench_with_empty_front(const ChangedKind& kind) {
    TransactionBench bench = bench_with_holes(kind);
    const auto filesystem = bench.open();
    must(clear_front(filesystem, bench.writable(filesystem), ""));
    return bench;
}

/// Of some 60 MiB of files every third one is gone: holes, but none of them large.
TransactionBench bench_of_large_files(u64 slack_bytes) {
    mkfs::SourceTree tree = mkfs::empty_source_tree({.sec = 1000});
    tree.content = std::make_unique<PlainContent>();
    constexpr u32 files = 300;
    for (u32 number = 1; number <= files; ++number) {
        const u64 bytes = (number % 5 + 1) * 64 * kib;
        tree.inodes.front().entries.push_back({file_name(number), number});
        tree.inodes.push_back({.mode = 0100644, .size = bytes, .content = number, .data = {{0, bytes}}});
    }
    settle(tree);
    TransactionBench bench({.metadata_profile = "single", .slack_bytes = slack_bytes}, tree);
    std::vector<edit_files::Command> commands;
    for (u32 number = 1; number <= files; number += 3) {
        commands.push_back({.change = edit_files::Remove{.path = "/" + file_name(number)}});
    }
    const auto filesystem = bench.open();
    must(edit_files::run(filesystem, bench.writable(filesystem), commands, {.now = {.sec = 7000}}, {}));
    return bench;
}

u64 quota_status_flags(const TransactionBench& bench) {
    const auto filesystem = bench.open();
    BlockCache cache(filesystem.reader(), 0);
    TreeSearch quotas(cache, must(filesystem.find_tree(btrfs::quota_tree_id)).block);
    REQUIRE(must(quotas.find({0, btrfs::item_type::qgroup_status, 0})));
    return u64{view_at<btrfs::QgroupStatusItem>(quotas.data())->flags};
}

} // namespace

TEST_CASE("resize: moved, compact, and as small as can be, everything is as it was, on any kind") {
    for (const auto& kind : some_kinds()) {
        CAPTURE(kind.text());
        const TransactionBench bench = bench_with_holes(kind);
        const Whole before(bench);
        const auto filesystem = bench.open();
        must(clear_front(filesystem, bench.writable(filesystem), ""));
        check_same(before, Whole(bench));
        const auto compact = must(resized(bench, resize::Compact{}, {}, 2));
        CHECK(compact.block_count >= FilesystemShape(bench.open()).block_count());
        check_same(before, Whole(bench));
        const auto least = must(resize::min_size(bench.open(), {}));
        must(resized(bench, resize::Shrink{}));
        check_same(before, Whole(bench));
        CHECK(size_of(bench) == least.devices.front().new_bytes);
        CHECK(size_of(bench) < bench.devices().front()->size_bytes());
        // There is nothing left to gain.
        CHECK(must(resized(bench, resize::Compact{})).commit_count == 0);
    }
}

TEST_CASE("resize: the same bytes at any number of threads") {
    const auto kind = changed_kinds()[3];
    const TransactionBench one = bench_with_holes(kind);
    const TransactionBench many = bench_with_holes(kind);
    must(resized(one, resize::Compact{}, {}, 1));
    must(resized(many, resize::Compact{}, {}, 4));
    for (std::size_t i = 0; i < one.devices().size(); ++i) {
        const u64 size = one.devices()[i]->size_bytes();
        std::vector<std::byte> bytes(size);
        std::vector<std::byte> others(size);
        must(one.devices()[i]->read(0, bytes));
        must(many.devices()[i]->read(0, others));
        CHECK(bytes == others);
    }
}

TEST_CASE("resize: one sector below the smallest size is refused, with what is missing") {
    const TransactionBench bench = bench_with_holes(changed_kinds()[0]);
    const u64 least = must(resize::min_size(bench.open(), {})).devices.front().new_bytes;
    const auto refused = resized(bench, resize::Shrink{.size_bytes = least - 4096});
    REQUIRE(!refused);
    CHECK(refused.error().kind == ErrorKind::no_space);
    CHECK(refused.error().message.find(" 4096 more") != std::string::npos);
    const Whole before(bench);
    must(resized(bench, resize::Shrink{.size_bytes = least}));
    check_same(before, Whole(bench));
    CHECK(size_of(bench) == least);
}

TEST_CASE("resize: what need not move stays where it is") {
    const TransactionBench bench = bench_with_holes(changed_kinds()[0]);
    const Whole before(bench);
    const u64 size = size_of(bench);
    const auto shrunk = must(resized(bench, resize::Shrink{.size_bytes = size - mib}));
    CHECK(shrunk.commit_count == 1);
    CHECK(shrunk.data_bytes == 0);
    CHECK(shrunk.block_count == 0);
    CHECK(size_of(bench) == size - mib);
    const auto grown = must(resized(bench, resize::Grow{}));
    CHECK(grown.block_count == 0);
    CHECK(size_of(bench) == size);
    check_same(before, Whole(bench));
}

TEST_CASE("resize: a dry run and a refusal write nothing") {
    const TransactionBench bench = bench_with_empty_front(changed_kinds()[1]);
    const auto filesystem = bench.open();
    const DeviceLayer layer(bench.devices());
    const auto devices = by_devid(filesystem, layer.list());
    const resize::Options dry = {.commit = {.is_dry_run = true}};
    const auto report = must(resize::run(filesystem, devices, resize::Compact{}, dry, {}));
    CHECK(report.block_count > 0);
    CHECK(!report.commit.is_committed);
    CHECK(layer.changes().empty());
}

TEST_CASE("resize: where there is little room it goes on in windows") {
    const TransactionBench bench = bench_of_large_files(6 * mib);
    const Whole before(bench);
    const u64 least = must(resize::min_size(bench.open(), {})).devices.front().new_bytes;
    const auto shrunk = must(resized(bench, resize::Shrink{}));
    // A window is cleared and filled, then the rest.
    CHECK(shrunk.commit_count >= 4);
    CHECK(size_of(bench) == least);
    check_same(before, Whole(bench));
}

TEST_CASE("resize: where there is no room at all, that is said and nothing happens") {
    const TransactionBench bench = bench_of_large_files(0);
    const Whole before(bench);
    const auto done = resized(bench, resize::Compact{});
    if (!done) {
        CHECK(done.error().kind == ErrorKind::no_space);
    }
    check_same(before, Whole(bench));
}

TEST_CASE("resize: what can't be proven is not moved") {
    const TransactionBench bench = bench_with_holes(changed_kinds()[0]);
    const auto filesystem = bench.open();
    const auto use = must(resize::read_space_use(filesystem, {}));
    const auto devices = bench.writable(filesystem);
    const Chunk& chunk = *filesystem.volume().chunks().find({use.data.front().start});
    for (unsigned mirror = 1; mirror <= stored_copies(chunk); ++mirror) {
        const auto run = map_stripe(chunk, {use.data.front().start}, 1, mirror);
        std::vector<std::byte> byte(1);
        must(devices.at(run.physical.devid)->read(run.physical.offset, byte));
        byte.front() ^= std::byte{1};
        must(devices.at(run.physical.devid)->write(run.physical.offset, byte));
    }
    const u64 generation = filesystem.super().generation;
    const auto refused = resized(bench, resize::Compact{});
    REQUIRE(!refused);
    CHECK(refused.error().kind == ErrorKind::damaged);
    CHECK(bench.open().super().generation == generation);
}

TEST_CASE("resize: a block is not put where an old one has the same address and generation") {
    const auto kind = changed_kinds()[0];
    const TransactionBench trial = bench_with_holes(kind);
    const auto before = trial.open();
    must(clear_front(before, trial.writable(before), ""));
    const auto after = trial.open();
    const auto top = must(after.find_tree(btrfs::fs_tree_id)).block;
    REQUIRE(top.address != must(before.find_tree(btrfs::fs_tree_id)).block.address);

    // The same filesystem, with what an older one left there.
    const TransactionBench bench = bench_with_holes(kind);
    const auto filesystem = bench.open();
    const auto devices = bench.writable(filesystem);
    const Chunk& chunk = *after.volume().chunks().find(top.address);
    const auto place = map_stripe(chunk, top.address, 1, stored_copies(chunk)).physical;
    btrfs::TreeBlockHeader header;
    header.bytenr = top.address.bytenr;
    header.generation = *top.generation;
    must(devices.at(place.devid)->write(place.offset, as_bytes_of(header)));
    const Whole whole(bench);
    must(clear_front(filesystem, devices, ""));
    check_same(whole, Whole(bench));
    CHECK(must(bench.open().find_tree(btrfs::fs_tree_id)).block.address != top.address);
}

TEST_CASE("resize: quotas that were counted stay counted") {
    for (const auto* feature : {"quota", "squota"}) {
        CAPTURE(feature);
        auto kind = changed_kinds()[0];
        kind.kind.features.emplace_back(feature);
        const TransactionBench bench(kind.kind, 100);
        const u64 before = quota_status_flags(bench);
        const auto filesystem = bench.open();
        must(clear_front(filesystem, bench.writable(filesystem), ""));
        CHECK(quota_status_flags(bench) == before);
        CHECK(check_filesystem(bench.open()).findings.all().empty());
    }
}

TEST_CASE("resize: free space is given back to the host, and nothing else") {
    for (const std::size_t number : {0, 2, 3}) {
        const TransactionBench bench = bench_with_holes(changed_kinds()[number]);
        const Whole before(bench);
        must(resized(bench, resize::Shrink{.slack_bytes = 4 * mib}, {.trims = true}));
        check_same(before, Whole(bench));
    }
}

} // namespace resize_test

// SPDX-License-Identifier: MIT
// Deletions that a kernel has begun, finished wherever it was interrupted: what is left is what a deletion in one go
// leaves.
#include "libfs/edit/deleted_subvolumes.h"

#include "formats/btrfs/quota.h"
#include "libfs/fs/item_range.h"
#include "libfs/ops/subvolume/change.h"
#include "libfs/space/extent_lookup.h"
#include "tests/support/effort.h"
#include "tests/unit/ops/half_deleted.h"
#include "tests/unit/ops/recorded_extents.h"

#include <doctest/doctest.h>

namespace deleted_subvolumes_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// What a test stands on.
struct Ground {
    FilesystemKind kind;
    u32 files = file_count;
};
/// Its trees are three levels high.
constexpr u32 many = 2600;

/// Leaves of its own for every `step`-th file of so many.
void touch_files(Transaction& transaction, u64 tree, u64 step, u64 files) {
    auto* buffer = must(transaction.tree(tree));
    for (u64 inode = btrfs::root_dir_inode + 1; inode <= btrfs::root_dir_inode + files; inode += step) {
        auto item = must(buffer->find({inode, btrfs::item_type::inode_item, 0}));
        REQUIRE(item);
        auto* stored = reinterpret_cast<btrfs::InodeItem*>(item->body.data());
        stored->mtime.sec = stored->mtime.sec + 1;
        buffer->put(item->key, item->body);
    }
}

/// A snapshot with what it has alone, and snapshots of that with what they have alone.
TransactionBench bench_of_snapshots(const Ground& ground) {
    TransactionBench bench(ground.kind, ground.files);
    std::mt19937 random(11);
    const auto add = [&](const std::string& source, const std::string& path, u64 step, u64 files) {
        const auto filesystem = bench.open();
        auto transaction = must(Transaction::begin(filesystem, {}));
        SubvolumeEditor editor(transaction, {.sec = 3000});
        const auto place = must(editor.directories().find_parent(path));
        const u64 id = must(editor.snapshot(must(editor.find(source)), place, {.uuid = random_uuid(random)}));
        touch_files(transaction, id, step, files);
        must(commit::run(transaction, bench.writable(filesystem), {}, {}));
    };
    add("/", "/one", 7, ground.files);
    add("/one", "/of-one", 60, ground.files);
    add("/one", "/another-of-one", 30, ground.files / 5);
    add("/", "/two", 40, ground.files);
    return bench;
}

/// All that is recorded of data and of the blocks of subvolumes.
std::map<u64, ExtentRecord> shared_extents(const Filesystem& filesystem) {
    std::map<u64, ExtentRecord> found;
    for_each_extent(filesystem, [&](const ItemRange& items, const ExtentRecord& record) {
        const auto extent = parse_extent(items.key(), items.data(), filesystem.geometry());
        const auto owner = owner_of_block(*extent, items.key(), items.data());
        if (extent->is_data() || !owner || is_subvolume(*owner)) {
            found[extent->bytenr] = record;
        }
    });
    return found;
}

Result<subvolume::ChangeReport> change(const TransactionBench& bench, const subvolume::Change& wanted,
                                       TransactionOptions transaction = {}) {
    const auto filesystem = bench.open();
    const std::vector<subvolume::Command> commands = {{.change = wanted}};
    return subvolume::run(filesystem, bench.writable(filesystem), commands,
                          {.transaction = std::move(transaction), .now = {.sec = 6000}}, {});
}

void check_sound(const TransactionBench& bench) {
    const auto checked = check_filesystem(bench.open());
    for (const auto& finding : checked.findings.all()) {
        const bool is_told = finding.problem.code == ProblemCode::qgroup_inconsistent ||
                             finding.problem.code == ProblemCode::root_dropping;
        if (!is_told) {
            FAIL_CHECK(describe(finding.problem));
        }
    }
}

std::map<u64, ExtentRecord> extents_without(const Ground& ground, const std::string& path) {
    const auto bench = bench_of_snapshots(ground);
    must(change(bench, subvolume::Delete{.subvolume = path}));
    return shared_extents(bench.open());
}

/// Interrupts the deletion at every `step`-th place; returns at how many.
unsigned interrupt_and_finish(const Ground& ground, const std::string& path, std::size_t step,
                              StopsIn stops_in = StopsIn::blocks) {
    CAPTURE(path);
    const auto wanted = extents_without(ground, path);
    const auto places = [&] {
        const auto bench = bench_of_snapshots(ground);
        const auto filesystem = bench.open();
        auto transaction = must(Transaction::begin(filesystem, {}));
        auto all = drop_places(filesystem, must(SubvolumeEditor(transaction, {}).find(path)));
        // Only nodes have blocks below them that are told of later.
        std::erase_if(all, [&](const auto& place) { return stops_in == StopsIn::backrefs && place.level < 2; });
        return all;
    }();
    unsigned count = 0;
    for (std::size_t i = 0; i < places.size(); i += step) {
        CAPTURE(i);
        const auto bench = bench_of_snapshots(ground);
        const u64 id = half_delete(bench, path, places[i], stops_in);
        check_sound(bench);
        CHECK(deleted_subvolumes(bench.open()) == std::vector{id});
        const std::size_t waiting_bytes = i % 2 == 0 ? 500 : TransactionOptions().waiting_bytes;
        const auto report = must(change(bench, subvolume::Sync{}, {.waiting_bytes = waiting_bytes}));
        CHECK(report.cleaned_up == std::vector{id});
        check_sound(bench);
        CHECK(must(deleted_subvolumes(bench.open())).empty());
        CHECK(shared_extents(bench.open()) == wanted);
        ++count;
    }
    return count;
}

} // namespace

TEST_CASE("A deletion is finished from wherever it was interrupted") {
    const std::vector<FilesystemKind> kinds = {
        {.slack_bytes = 24 * mib},
        {.metadata_profile = "single", .features = {"^free-space-tree", "^block-group-tree"}, .slack_bytes = 24 * mib},
        {.features = {"^skinny-metadata"}, .slack_bytes = 24 * mib},
        {.features = {"squota"}, .slack_bytes = 24 * mib},
        {.features = {"quota"}, .slack_bytes = 24 * mib},
    };
    unsigned count = 0;
    for (const auto& kind : kinds) {
        const std::size_t normal_step = &kind == kinds.data() ? 5 : 17;
        const std::size_t step = is_long_run() ? 1 : normal_step;
        for (const std::string path : {"/one", "/of-one", "/two"}) {
            count += interrupt_and_finish({.kind = kind}, path, step);
        }
    }
    for (const std::string path : {"/one", "/another-of-one"}) {
        count += interrupt_and_finish({.kind = kinds.front(), .files = many}, path, is_long_run() ? 1 : 97);
    }
    MESSAGE(count, " interrupted deletions");
    CHECK(count >= 17); // one of each at least
}

TEST_CASE("Blocks that were not told of before it was interrupted refer in full when others keep them") {
    const Ground ground = {.kind = {.slack_bytes = 24 * mib}, .files = many};
    CHECK(interrupt_and_finish(ground, "/one", 1, StopsIn::backrefs) > 1);
}

TEST_CASE("Subvolumes that wait to be cleaned up go whole, and the others stay") {
    const auto bench = bench_of_snapshots({.kind = {.slack_bytes = 24 * mib}});
    const u64 one = half_delete(bench, "/one", std::nullopt);
    const u64 two = half_delete(bench, "/two", std::nullopt);
    check_sound(bench);
    const auto refused = change(bench, subvolume::Delete{.subvolume = std::to_string(one)});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.contains("sync"));
    CHECK(must(change(bench, subvolume::Sync{.id = one})).cleaned_up == std::vector{one});
    CHECK(must(deleted_subvolumes(bench.open())) == std::vector{two});
    const auto again = must(change(bench, subvolume::Sync{.id = one}));
    CHECK(again.cleaned_up.empty());
    CHECK_FALSE(again.commit.is_committed);
    const auto living = change(bench, subvolume::Sync{.id = btrfs::fs_tree_id});
    REQUIRE_FALSE(living);
    CHECK(living.error().message.contains("is not deleted"));
    CHECK(must(change(bench, subvolume::Sync{})).cleaned_up == std::vector{two});
    check_sound(bench);
}

TEST_CASE("Only what an orphan item names is deleted") {
    const auto bench = bench_of_snapshots({.kind = {.slack_bytes = 24 * mib}});
    const u64 id = half_delete(bench, "/two", std::nullopt);
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    must(must(transaction.tree(btrfs::root_tree_id))
             ->erase({btrfs::orphan_objectid, btrfs::item_type::orphan_item, id}));
    must(commit::run(transaction, bench.writable(filesystem), {.is_proven = false}, {}));
    CHECK(must(deleted_subvolumes(bench.open())).empty());
    CHECK_FALSE(must(change(bench, subvolume::Sync{})).commit.is_committed);
}

TEST_CASE("A deletion whose progress can't be is refused") {
    const auto bench = bench_of_snapshots({.kind = {.slack_bytes = 24 * mib}});
    const auto spoil = [&](u8 level) {
        const auto filesystem = bench.open();
        auto transaction = must(Transaction::begin(filesystem, {}));
        auto* roots = must(transaction.tree(btrfs::root_tree_id));
        const u64 id = must(deleted_subvolumes(filesystem)).front();
        auto item = must(roots->first_from({id, btrfs::item_type::root_item, 0}));
        reinterpret_cast<btrfs::RootItem*>(item->body.data())->drop_level = level;
        roots->put(item->key, item->body);
        must(commit::run(transaction, bench.writable(filesystem), {.is_proven = false}, {}));
    };
    const auto places = drop_places(bench.open(), 256);
    half_delete(bench, "/one", places[places.size() / 2]);
    for (const u8 level : {u8{0}, u8{7}}) {
        spoil(level);
        const auto done = change(bench, subvolume::Sync{});
        REQUIRE_FALSE(done);
        CHECK(done.error().kind == ErrorKind::damaged);
    }
}

} // namespace deleted_subvolumes_test

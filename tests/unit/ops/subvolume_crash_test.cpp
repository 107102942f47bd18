// SPDX-License-Identifier: MIT
// Whatever moment the power goes in, a changed filesystem is the old one or the new one; and what was changed can be
// brought back.
#include "libfs/ops/commit/commit.h"
#include "libfs/ops/undo/undo.h"
#include "tests/support/effort.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/transaction_states.h"
#include "tests/unit/ops/transaction_bench.h"

#include <doctest/doctest.h>

namespace subvolume_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// Room for two superblocks on each device, but for the raid profiles on many devices.
constexpr u64 slack_bytes = 70 * mib;

/// Changes many trees: a snapshot, a new subvolume, and the deletion of what a first run has made.
Result<void> change_all(const Filesystem& filesystem, const WritableDevices& devices, const std::string& undo_path) {
    BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(filesystem, {}));
    SubvolumeEditor editor(transaction, {.sec = 4000});
    std::mt19937 random(7);
    BTRKIT_TRY_ASSIGN(const auto first, editor.directories().find_parent("/new"));
    BTRKIT_TRY(editor.create(first, {.uuid = random_uuid(random)}));
    BTRKIT_TRY_ASSIGN(const auto second, editor.directories().find_parent("/new/copy"));
    BTRKIT_TRY(editor.snapshot(btrfs::fs_tree_id, second, {.uuid = random_uuid(random), .is_read_only = true}));
    BTRKIT_TRY_ASSIGN(const u64 old, editor.find("/old"));
    BTRKIT_TRY(editor.remove(old));
    BTRKIT_TRY_ASSIGN(const auto parent, editor.directories().find_parent("/new/folder"));
    BTRKIT_TRY(editor.directories().make_directory(parent.dir, parent.name));
    transaction.set_label("changed");
    const auto report = commit::run(transaction, devices, {.undo_path = undo_path}, {});
    return report ? Result<void>{} : std::unexpected(report.error());
}

Filesystem open(Devices devices) {
    return must(Filesystem::open(std::move(devices), {}, [](const Problem&) {}));
}

/// With a snapshot to be deleted.
void prepare(const TransactionBench& bench) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    SubvolumeEditor editor(transaction, {.sec = 3000});
    std::mt19937 random(3);
    must(editor.snapshot(btrfs::fs_tree_id, must(editor.directories().find_parent("/old")),
                         {.uuid = random_uuid(random)}));
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
}

std::vector<FilesystemKind> kinds() {
    return {
        {.slack_bytes = slack_bytes},
        {.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2, .slack_bytes = slack_bytes},
        {.data_profile = "raid5", .metadata_profile = "raid5", .device_count = 3, .slack_bytes = slack_bytes},
        {.data_profile = "raid10", .metadata_profile = "raid10", .device_count = 4, .slack_bytes = slack_bytes},
        {.metadata_profile = "raid1c3", .device_count = 3, .slack_bytes = slack_bytes},
        {.metadata_profile = "raid6", .device_count = 4, .slack_bytes = slack_bytes},
    };
}

} // namespace

TEST_CASE("Whenever the power goes, the filesystem is the old one or the new one") {
    const auto all = kinds();
    const std::size_t count = is_long_run() ? all.size() : 3;
    for (const auto& kind : std::span(all).first(count)) {
        CAPTURE(kind.metadata_profile);
        const TransactionBench bench(kind);
        prepare(bench);
        TransactionStates states(bench.devices());
        must(states.record([](Devices devices, const std::vector<WritableDevice*>& writable) {
            const auto filesystem = open(std::move(devices));
            WritableDevices by_id;
            for (const auto& [devid, member] : filesystem.volume().members()) {
                by_id[devid] = *std::ranges::find(writable, member.device->name(),
                                                  [](const auto* device) { return device->name(); });
            }
            return change_all(filesystem, by_id, "");
        }));
        CHECK(states.new_findings() == std::vector<std::string>{});
        const auto report = states.judge({.most_judged = rounds(60, 4000)});
        for (const auto& wrong : report.wrong) {
            FAIL_CHECK(wrong);
        }
        CHECK(report.were_old > 0);
        CHECK(report.were_new > 0);
        MESSAGE(kind.metadata_profile, ": ", report.distinct, " distinct states, ", report.judged, " judged");
    }
}

TEST_CASE("Undo brings the old filesystem back, byte for byte in all that it refers to") {
    for (const auto& kind : kinds()) {
        CAPTURE(kind.metadata_profile);
        const TemporaryFolder folder;
        const auto path = folder.path() + "/undo";
        const TransactionBench bench(kind);
        prepare(bench);
        const u64 old_generation = bench.open().super().generation;
        {
            const auto filesystem = bench.open();
            must(change_all(filesystem, bench.writable(filesystem), path));
        }
        const auto changed = bench.open();
        REQUIRE(changed.super().generation == old_generation + 1);
        std::vector<WritableDevice*> writable;
        for (const auto& [devid, device] : bench.writable(changed)) {
            writable.push_back(device);
        }
        must(undo::run(must(UndoReader::open(path)), writable, {}));
        const auto back = bench.open();
        CHECK(back.super().generation == old_generation);
        CHECK(check_filesystem(back).findings.all().empty());
        // The same change can be made again: nothing of the first one is in the way.
        must(change_all(back, bench.writable(back), ""));
        CHECK(check_filesystem(bench.open()).findings.all().empty());
    }
}

} // namespace subvolume_crash_test

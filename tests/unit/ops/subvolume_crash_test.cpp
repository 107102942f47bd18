// SPDX-License-Identifier: MIT
// Whatever moment the power goes in, a changed filesystem is the old one or the new one; and what was changed can be
// brought back.
#include "libfs/ops/commit/commit.h"
#include "libfs/ops/undo/undo.h"
#include "tests/support/device_layer.h"
#include "tests/support/effort.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/transaction_states.h"
#include "tests/unit/ops/many_tree_change.h"

#include <doctest/doctest.h>

namespace subvolume_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// In the normal run one of each redundancy.
std::vector<ChangedKind> tested_kinds() {
    auto kinds = changed_kinds();
    kinds.resize(is_long_run() ? kinds.size() : std::size_t{7});
    return kinds;
}

Result<void> change(Devices devices, std::span<WritableDevice* const> writable, const std::string& undo_path) {
    const auto filesystem = open_quietly(std::move(devices));
    BTRKIT_TRY_ASSIGN(auto transaction, change_many_trees(filesystem));
    const auto report = commit::run(transaction, by_devid(filesystem, writable), {.undo_path = undo_path}, {});
    return report ? Result<void>{} : std::unexpected(report.error());
}

} // namespace

TEST_CASE("crash states: the kinds are a pairwise cover") {
    std::set<std::string> redundancies;
    std::set<std::string> pairs;
    for (const auto& [kind, is_full] : changed_kinds()) {
        const auto nodes = std::to_string(*kind.nodesize_bytes);
        const auto space = std::to_string(kind.features.empty() ? 0 : kind.features.size());
        redundancies.insert(kind.metadata_profile);
        pairs.insert({kind.metadata_profile + nodes, kind.metadata_profile + kind.checksum,
                      kind.metadata_profile + "," + space, nodes + kind.checksum, nodes + "," + space,
                      kind.checksum + "," + space});
    }
    CHECK(redundancies.size() == 7);
    CHECK(pairs.size() == 7 * 5 + 7 * 4 + 7 * 3 + 5 * 4 + 5 * 3 + 4 * 3);
}

TEST_CASE("Whenever the power goes, the filesystem is the old one or the new one") {
    StatesReport sum;
    for (const auto& kind : tested_kinds()) {
        CAPTURE(kind.text());
        const TransactionBench bench = prepared_bench(kind);
        TransactionStates states(bench.devices());
        must(states.record([](Devices devices, const std::vector<WritableDevice*>& writable) {
            return change(std::move(devices), writable, "");
        }));
        CHECK(states.new_findings() == std::vector<std::string>{});
        const unsigned effort = rounds(2, 100);
        const auto report = states.judge({.subsets = effort,
                                          .torn = effort,
                                          .all_torn = effort / 2,
                                          .most_judged = is_long_run() ? std::size_t{100'000} : 50});
        for (const auto& wrong : report.wrong) {
            FAIL_CHECK(wrong);
        }
        CHECK(report.were_old > 0);
        CHECK(report.were_new > 0);
        CHECK(report.torn > 0);
        CHECK(report.without_superblock == 0);
        sum.distinct += report.distinct;
        sum.judged += report.judged;
        MESSAGE(kind.text(), ": ", states.changes().size(), " changes, ", report.states, " states, ", report.distinct,
                " distinct, ", report.judged, " judged, ", report.torn, " of them torn, ", report.read, " read");
    }
    MESSAGE("all kinds: ", sum.distinct, " distinct states, ", sum.judged, " judged");
    CHECK(sum.judged >= (is_long_run() ? 100'000u : 300u));
}

TEST_CASE("Undo brings the old filesystem back, byte for byte in all that it refers to") {
    for (const auto& kind : tested_kinds()) {
        CAPTURE(kind.text());
        const TemporaryFolder folder;
        const TransactionBench bench = prepared_bench(kind);
        const auto old = bench.open();
        const auto before = must_portray(views_of(bench.devices()), "before the change");
        const DeviceLayer layer(bench.devices());
        must(change(views_of(layer.readable()), layer.list(), folder / "undo"));
        CHECK(must_portray(views_of(layer.readable()), "after the change").generation == before.generation + 1);
        const auto in_use = places_in_use(old);
        CHECK(changed_places(bench.devices(), layer, in_use) > 0);

        must(undo::run(must(UndoReader::open(folder / "undo")), layer.list(), {}));
        CHECK(changed_places(bench.devices(), layer, in_use) == 0);
        const auto back = must_portray(views_of(layer.readable()), "that is undone");
        CHECK(back.generation == before.generation);
        CHECK(how_it_differs(back, before).empty());
        // The same change can be made again: nothing of the first one is in the way.
        must(change(views_of(layer.readable()), layer.list(), ""));
        CHECK(must_portray(views_of(layer.readable()), "changed again").findings.all().empty());
    }
}

} // namespace subvolume_crash_test

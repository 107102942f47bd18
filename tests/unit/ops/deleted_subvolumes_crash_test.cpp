// SPDX-License-Identifier: MIT
// The end of a deletion that was interrupted, interrupted: by the power, at any moment; by a device that fails a
// request. Whatever it is, the old filesystem stands or the new one, and undo brings the old one back.
#include "libfs/ops/subvolume/change.h"
#include "tests/unit/ops/half_deleted.h"
#include "tests/unit/ops/interrupted_change.h"

#include <doctest/doctest.h>

namespace deleted_subvolumes_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// One of two subvolumes that share blocks is half deleted, where its tree has more than a leaf.
TransactionBench prepare(const ChangedKind& kind) {
    auto bench = prepared_bench(kind);
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    const auto places = drop_places(filesystem, must(SubvolumeEditor(transaction, {}).find("/old")));
    half_delete(bench, "/old", places.empty() ? std::nullopt : std::optional(places[places.size() / 2]));
    return bench;
}

Result<void> clean_up(const Filesystem& filesystem, const WritableDevices& devices, const std::string& undo_path) {
    const std::vector<subvolume::Command> commands = {{.change = subvolume::Sync{}}};
    BTRKIT_TRY_ASSIGN(const auto report,
                      subvolume::run(filesystem, devices, commands, {.commit = {.undo_path = undo_path}}, {}));
    return report.cleaned_up.size() == 1 ? Result<void>{} : fail(ErrorKind::bug, "nothing was cleaned up");
}

} // namespace

TEST_CASE("cleaning up: whenever the power goes, the filesystem is the old one or the new one") {
    cut_power_of(clean_up, prepare);
}

TEST_CASE("cleaning up: whatever request fails, the filesystem is the old one or the new one") {
    fail_requests_of(clean_up, prepare);
}

TEST_CASE("cleaning up: undone, the filesystem is what it was") {
    // Its one finding, that a subvolume waits, comes back, too.
    for (const auto& kind : interrupted_kinds()) {
        CAPTURE(kind.text());
        const TemporaryFolder folder;
        const TransactionBench bench = prepare(kind);
        const auto before = must_portray(views_of(bench.devices()), "before the change");
        const DeviceLayer layer(bench.devices());
        must(make_change(clean_up, views_of(layer.readable()), layer.list(), folder / "undo"));
        CHECK(must_portray(views_of(layer.readable()), "after the change").findings.all().empty());
        must(undo::run(must(UndoReader::open(folder / "undo")), layer.list(), {}));
        CHECK(how_it_differs(must_portray(views_of(layer.readable()), "that is undone"), before).empty());
    }
}

} // namespace deleted_subvolumes_crash_test

// SPDX-License-Identifier: MIT
// A change of a filesystem interrupted: by the power, at any moment; by a device that fails a request. Whatever it is,
// the old filesystem stands or the new one, and undo brings the old one back.
#pragma once

#include "libfs/io/undo_reader.h"
#include "libfs/ops/undo/undo.h"
#include "tests/support/device_layer.h"
#include "tests/support/effort.h"
#include "tests/support/faulty_device.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/transaction_states.h"
#include "tests/unit/ops/many_tree_change.h"

#include <functional>
#include <optional>

#include <doctest/doctest.h>

namespace btrkit::test {

/// undo_path: empty: no undo file.
using InterruptedChange = std::function<Result<void>(const Filesystem& filesystem, const WritableDevices& devices,
                                                     const std::string& undo_path)>;

/// Makes the filesystem of a kind that is to be changed.
using PrepareBench = std::function<TransactionBench(const ChangedKind& kind)>;

/// One of each redundancy, also in the long run: what differs is told by subvolume_crash_test.cpp.
inline std::vector<ChangedKind> interrupted_kinds() {
    auto kinds = changed_kinds();
    kinds.resize(is_long_run() ? std::size_t{14} : std::size_t{7});
    return kinds;
}

inline Result<void> make_change(const InterruptedChange& change, Devices devices,
                                std::span<WritableDevice* const> writable, const std::string& undo_path) {
    const auto filesystem = open_quietly(std::move(devices));
    return change(filesystem, by_devid(filesystem, writable), undo_path);
}

/// Whenever the power goes, on any kind.
inline void cut_power_of(const InterruptedChange& change, const PrepareBench& prepare = prepared_bench) {
    std::size_t judged = 0;
    for (const auto& kind : interrupted_kinds()) {
        CAPTURE(kind.text());
        const TransactionBench bench = prepare(kind);
        TransactionStates states(bench.devices());
        must(states.record([&](Devices devices, const std::vector<WritableDevice*>& writable) {
            return make_change(change, std::move(devices), writable, "");
        }));
        CHECK(states.new_findings() == std::vector<std::string>{});
        const unsigned effort = rounds(1, 20);
        const auto report = states.judge({.subsets = effort,
                                          .torn = effort,
                                          .all_torn = effort,
                                          .most_judged = is_long_run() ? std::size_t{20'000} : 30});
        for (const auto& wrong : report.wrong) {
            FAIL_CHECK(wrong);
        }
        CHECK(report.were_old > 0);
        CHECK(report.were_new > 0);
        judged += report.judged;
    }
    MESSAGE(judged, " states judged");
}

/// Undone, byte for byte in all that the old filesystem refers to, on any kind.
inline void undo_again(const InterruptedChange& change, const PrepareBench& prepare = prepared_bench) {
    for (const auto& kind : interrupted_kinds()) {
        CAPTURE(kind.text());
        const TemporaryFolder folder;
        const TransactionBench bench = prepare(kind);
        const auto before = must_portray(views_of(bench.devices()), "before the change");
        const auto in_use = places_in_use(bench.open());
        const DeviceLayer layer(bench.devices());
        must(make_change(change, views_of(layer.readable()), layer.list(), folder / "undo"));
        CHECK(must_portray(views_of(layer.readable()), "after the change").findings.all().empty());
        must(undo::run(must(UndoReader::open(folder / "undo")), layer.list(), {}));
        CHECK(changed_places(bench.devices(), layer, in_use) == 0);
        CHECK(how_it_differs(must_portray(views_of(layer.readable()), "that is undone"), before).empty());
    }
}

/// Each read, write and flush of the change fails once, or `most` of each kind. Whichever it is, the filesystem is what
/// it was, or what the change makes of it. Returns how many changes failed.
inline unsigned fail_each_request(const TransactionBench& bench, u64 most, const InterruptedChange& change) {
    const auto in_use = places_in_use(bench.open());
    const auto before = must_portray(views_of(bench.devices()), "before the change");
    std::optional<Portrait> after;
    unsigned failed = 0;
    /// bad: which kind of requests fails, its number-th one; null: none does. Returns how many there were.
    const auto try_with = [&](u64 DeviceFaults::* bad, u64 number, std::atomic<u64> DeviceFaults::* count) {
        const auto faults = std::make_shared<DeviceFaults>();
        const DeviceLayer layer(bench.devices(), [&](auto device) {
            return std::make_unique<FaultyDevice>(std::move(device), std::vector<FaultyDevice::Range>{}, faults);
        });
        const auto filesystem = open_quietly(views_of(layer.readable()));
        faults->read_count = faults->write_count = faults->flush_count = 0;
        if (bad != nullptr) {
            (*faults).*bad = number;
        }
        const auto done = change(filesystem, by_devid(filesystem, layer.list()), "");
        const u64 requests = (*faults).*count;
        faults->bad_read = faults->first_bad_write = faults->bad_flush = DeviceFaults::never;
        if (!after) {
            must(done);
            after = must_portray(views_of(layer.readable()), "after the change");
        }
        failed += done ? 0 : 1;
        if (!done && changed_places(bench.devices(), layer, in_use) > 0) {
            const auto state = must_portray(views_of(layer.readable()), "after the fault");
            CHECK(what_is_wrong(state, before, *after) == "");
        }
        return requests;
    };
    struct Requests {
        u64 DeviceFaults::* bad;
        std::atomic<u64> DeviceFaults::* count;
    };
    for (const auto& requests : {Requests{&DeviceFaults::bad_read, &DeviceFaults::read_count},
                                 Requests{&DeviceFaults::first_bad_write, &DeviceFaults::write_count},
                                 Requests{&DeviceFaults::bad_flush, &DeviceFaults::flush_count}}) {
        const u64 count = try_with(nullptr, 0, requests.count);
        const u64 tried = std::min<u64>(count, most);
        for (u64 i = 1; i <= tried; ++i) {
            CAPTURE(i);
            try_with(requests.bad, i * count / tried - 1, requests.count);
        }
    }
    return failed;
}

/// The same on two kinds.
inline void fail_requests_of(const InterruptedChange& change, const PrepareBench& prepare = prepared_bench) {
    const auto kinds = interrupted_kinds();
    for (const auto& kind : {kinds[0], kinds[2]}) {
        CAPTURE(kind.text());
        CHECK(fail_each_request(prepare(kind), is_long_run() ? 10'000 : 8, change) > 8);
    }
}

} // namespace btrkit::test

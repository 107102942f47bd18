// SPDX-License-Identifier: MIT
// A change of a filesystem with devices that fail one request after the other.
#pragma once

#include "tests/support/device_layer.h"
#include "tests/support/faulty_device.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/unit/ops/many_tree_change.h"

#include <functional>
#include <optional>

#include <doctest/doctest.h>

namespace btrkit::test {

using ChangeOfFilesystem = std::function<Result<void>(const Filesystem& filesystem, const WritableDevices& devices)>;

/// Each read, write and flush of the change fails once, or `most` of each kind. Whichever it is, the filesystem is what
/// it was, or what the change makes of it. Returns how many changes failed.
inline unsigned fail_each_request(const TransactionBench& bench, u64 most, const ChangeOfFilesystem& change) {
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
        const auto done = change(filesystem, by_devid(filesystem, layer.list()));
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

} // namespace btrkit::test

// SPDX-License-Identifier: MIT
// Everything moved, interrupted: by the power, at any moment; by a device that fails a request. Whatever it is, the old
// filesystem stands or the new one, and undo brings the old one back.
#include "libfs/ops/resize/next_step.h"
#include "libfs/ops/resize/resize.h"
#include "libfs/ops/resize/targets.h"
#include "tests/unit/ops/interrupted_change.h"

#include <doctest/doctest.h>

namespace resize_crash_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// One commit that moves all that lies in the first half of the devices, and that every block of metadata leaves.
Result<void> clear_front(const Filesystem& filesystem, const WritableDevices& devices, const std::string& undo_path) {
    BTRKIT_TRY_ASSIGN(const auto use, resize::read_space_use(filesystem, {}));
    const auto ends = resize::sizes_now(use);
    resize::DeviceRanges front;
    for (const auto& [devid, end] : ends) {
        front[devid].append({reserved_at_device_start, end / 2});
    }
    const auto plan = resize::plan_clearing(use, filesystem.volume().chunks(), front, ends);
    if (!plan) {
        return fail(ErrorKind::no_space, "the front can't be cleared");
    }
    const commit::Options options = {.undo_path = undo_path};
    BTRKIT_TRY_ASSIGN(auto transaction,
                      Transaction::begin(filesystem, commit::with_data_at_once({}, devices, options)));
    BTRKIT_TRY(relocate(transaction, *plan, {}));
    BTRKIT_TRY(commit::run(transaction, devices, options, {}));
    return {};
}

} // namespace

TEST_CASE("resize: whenever the power goes, the filesystem is the old one or the new one") {
    cut_power_of(clear_front);
}

TEST_CASE("resize: whatever request fails, the filesystem is the old one or the new one") {
    fail_requests_of(clear_front);
}

TEST_CASE("resize: undone, the filesystem is what it was") {
    undo_again(clear_front);
}

} // namespace resize_crash_test

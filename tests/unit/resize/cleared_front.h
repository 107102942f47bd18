// SPDX-License-Identifier: MIT
// One commit that moves much: what all that moves stands on, without the steps that lead to a size.
#pragma once

#include "libfs/ops/commit/commit.h"
#include "libfs/ops/resize/plans.h"
#include "libfs/ops/resize/targets.h"

#include <string>

namespace btrkit::test {

/// Moves all that lies in the first half of the devices, all blocks of metadata that point to it, and so most trees.
inline Result<void> clear_front(const Filesystem& filesystem, const WritableDevices& devices,
                                const std::string& undo_path) {
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

} // namespace btrkit::test

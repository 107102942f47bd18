// SPDX-License-Identifier: MIT
// What kernels have counted of a device's errors (DEV_STATS in the device tree).
#pragma once

#include "formats/btrfs/device.h"
#include "libfs/fs/filesystem.h"

#include <optional>
#include <string>

namespace btrkit::survey {

/// Of an item's body: kernels before a counter was invented have written shorter ones.
btrfs::DevStatsItem device_errors_of(Bytes body);

/// Those that are not 0, by name; empty: all are.
std::string device_errors_text(const btrfs::DevStatsItem& errors);

/// nullopt: there is no such item. Fails with damaged where a block on the way to it can't be proven.
Result<std::optional<btrfs::DevStatsItem>> read_device_errors(const Filesystem& filesystem, u64 devid);

} // namespace btrkit::survey

// SPDX-License-Identifier: MIT
// The devices of a filesystem that may be written.
#pragma once

#include "libfs/io/writable_device.h"

#include <map>

namespace btrkit {

/// The devices of a filesystem by devid.
using WritableDevices = std::map<u64, WritableDevice*>;

/// Flushes every device, also where one fails, so that as much as possible lasts; then fails with the first error.
Result<void> flush_all(const WritableDevices& devices);

} // namespace btrkit

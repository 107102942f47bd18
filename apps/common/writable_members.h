// SPDX-License-Identifier: MIT
// Which of the devices that were opened for writing are those of the filesystem.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/volume/writable_devices.h"

#include <algorithm>

namespace btrkit::apps {

/// The writable devices that are members of the filesystem, by devid.
inline WritableDevices writable_members(const Filesystem& filesystem, std::span<WritableDevice* const> writable) {
    WritableDevices members;
    for (const auto& [devid, member] : filesystem.volume().members()) {
        const auto found =
            std::ranges::find_if(writable, [&](const WritableDevice* device) { return device == member.device; });
        if (found != writable.end()) {
            members[devid] = *found;
        }
    }
    return members;
}

} // namespace btrkit::apps

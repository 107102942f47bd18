// SPDX-License-Identifier: MIT
// Devices of a filesystem that were not given.
#pragma once

#include "libfs/fs/filesystem.h"

namespace btrkit::apps {

/// Their ids, ascending.
inline std::vector<u64> missing_devids(const Filesystem& filesystem) {
    std::vector<u64> devids;
    for (const auto& [devid, member] : filesystem.volume().members()) {
        if (member.device == nullptr) {
            devids.push_back(devid);
        }
    }
    return devids;
}

} // namespace btrkit::apps

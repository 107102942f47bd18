// SPDX-License-Identifier: MIT
// What of a unit is verified, and whether bad copies are written anew.
#pragma once

#include "libfs/survey/verify/copy_places.h"
#include "libfs/volume/mender.h"

#include <vector>

namespace btrkit::survey {

struct VerifyMode {
    const CopyPlaces& places;
    const Geometry& geometry;
    std::optional<u64> devid = {};    ///< only what stands on this device
    Mender* mender = nullptr;         ///< null: nothing is written
    bool only_data_with_sums = false; ///< no tree blocks, no data without checksum

    bool wants_device(u64 id) const { return !devid || id == *devid; }
};

/// Memory that one thread at a time uses, and the next one again.
using VerifyBuffer = std::vector<std::byte>;

} // namespace btrkit::survey

// SPDX-License-Identifier: MIT
// Which commit comes next on the way to a packed filesystem.
#pragma once

#include "libfs/ops/resize/plans.h"

namespace btrkit::resize {

/// What is to be reached.
struct Target {
    DeviceSizes ends;        ///< everything lies below
    bool is_packed = true;   ///< without holes; else it is enough that nothing lies beyond
    bool may_exceed = false; ///< borders may cost more than was thought: nobody cuts anything off there
};

/// What earlier commits of the run have reached.
struct Progressed {
    DeviceSizes packed = {};                 ///< all before that is packed already; empty: nothing was told
    std::optional<DeviceRanges> window = {}; ///< that was cleared to be filled
};

struct Step {
    Relocation relocation;
    bool is_last = false;
    Progressed then; ///< what is reached with it
};

/// Sizes of devices are not in it: they are told with the last one. Fails with no_space where no way is found.
Result<Step> next_step(const SpaceUse& use, const ChunkMap& chunks, const Target& target, const Progressed& before);

} // namespace btrkit::resize

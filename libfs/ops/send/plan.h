// SPDX-License-Identifier: MIT
// What is sent against what, known before the first byte.
#pragma once

#include "libfs/ops/send/send.h"
#include "libfs/ops/send/subvolume.h"

namespace btrkit::send {

struct PlannedSend {
    Subvolume subvolume;
    std::optional<Subvolume> parent; ///< nothing: it is sent whole
};

/// All that was asked for: found, allowed, and related to its parents.
struct Plan {
    std::vector<PlannedSend> subvolumes;
    std::vector<Subvolume> clone_sources; ///< that the receiver has from the beginning
    bool clones_from_sent = false;        ///< what was sent is a clone source for those behind it
};

/// Parents are picked as the peer picks them: the one that was given, or else (if clone sources were) one of those that
/// the receiver has by then; if neither was given, all are sent whole. Fails as run() does.
Result<Plan> make_plan(const Filesystem& filesystem, const Filesystem* parent_image, const Options& options);

} // namespace btrkit::send

// SPDX-License-Identifier: MIT
// The superblock mirrors of all devices.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"
#include "libfs/survey/verify/scrub_counts.h"
#include "libfs/volume/mender.h"

namespace btrkit::scrub {

/// Opening the filesystem has looked at every mirror; this counts what it found, says what can be done about it, and
/// with a mender (not null) does it: a bad mirror is written anew from the newest valid one of its device. devid: only
/// those of that device.
void scrub_superblocks(const Filesystem& filesystem, std::optional<u64> devid, Mender* mender,
                       survey::Findings& findings, survey::DeviceCounts& counts);

/// Devices that have missed commits, after everything on them was verified and mended: gives them the newest superblock
/// (with their own device item, as the chunk tree has it), so that they count as whole again. A device on which
/// anything bad was left stays as it is, and all of them do where not everything was_covered. What was mended must have
/// been flushed.
void bring_up_stale_devices(const Filesystem& filesystem, Mender* mender, bool was_covered, survey::Findings& findings,
                            const survey::DeviceCounts& counts);

} // namespace btrkit::scrub

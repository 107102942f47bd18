// SPDX-License-Identifier: MIT
// What a power failure in the midst of a commit leaves of the superblocks.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"

namespace btrkit::check {

/// A commit writes all else first, and then the superblocks of one device after the other. So a device that is one
/// commit behind, on which nothing else is wrong, was not left behind: kernels take it as it is. device-stale is then
/// the note super-mirror-stale. Asked when everything has been looked at.
void excuse_interrupted_commit(const Filesystem& filesystem, survey::Findings& findings);

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// Whether two subvolumes have a common past: what a send of the difference needs to be small.
#pragma once

#include "libfs/ops/send/snapshot.h"

namespace btrkit::send {

/// Whether one is a snapshot of the other, or both descend from one subvolume (also where that one, or others between,
/// are long deleted); or, between two filesystems, whether one was received from the other or is a copy of it.
Result<bool> are_related(const Filesystem& filesystem, Snapshot& snapshot, const Filesystem& parent_filesystem,
                         Snapshot& parent);

} // namespace btrkit::send

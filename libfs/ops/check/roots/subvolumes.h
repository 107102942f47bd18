// SPDX-License-Identifier: MIT
// Subvolumes: how they hang together, and which are on their way out.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// After check_root_tree() and the file trees. References between subvolumes in both directions, their directory
/// entries, reference counts, orphan items, root blocks, the default subvolume, received uuids, and the uuid tree
/// (which is scanned here).
void check_subvolumes(Context& context);

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// The tree that names all others.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Scans the root tree and fills context.roots. Finds items that can't stand there, trees that every filesystem (or one
/// with these features) must have but this one has not, what a balance or a relocation left behind, and the abandoned
/// inode number cache. Subvolumes are subvolumes.h's matter.
void check_root_tree(Context& context);

} // namespace btrkit::check

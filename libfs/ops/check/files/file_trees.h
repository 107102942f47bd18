// SPDX-License-Identifier: MIT
// All trees that hold files: subvolumes, relocation trees, the data relocation tree.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Checks them, every distinct block once, whatever number of snapshots shares it.
void check_file_trees(Context& context);

} // namespace btrkit::check

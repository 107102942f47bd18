// SPDX-License-Identifier: MIT
// Free space as it is recorded against what extents leave free.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Scans the free space tree, or reads the old caches where the kernel would trust them. After the extent tree.
void check_free_space(Context& context);

} // namespace btrkit::check

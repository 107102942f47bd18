// SPDX-License-Identifier: MIT
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Scans the trees that no other part has come to, so that every block of every tree was seen.
void check_other_trees(Context& context);

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// The names of subvolumes in the directories of their parents.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// After check_root_tree(). Whether each reference to a subvolume has its DIR_ITEM and DIR_INDEX, and these lead to
/// that subvolume.
void check_subvolume_entries(Context& context);

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// Whose it is that is damaged: the subvolumes and files behind numbers.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Fills `affected` of the findings. Last of all. Bounded in time and memory, whatever the number of findings and of
/// snapshots: what would be too much is left out, and the finding says that there is more.
void name_affected(Context& context);

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// Whether all names of an inode, or in it, are known: while some are missing or contradict each other, what follows
// from their number does not follow yet.
#pragma once

#include "libfs/ops/repair/round.h"

namespace btrkit::repair {

bool has_unsure_names(const Round& round, u64 tree, u64 inode);

} // namespace btrkit::repair

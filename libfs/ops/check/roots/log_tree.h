// SPDX-License-Identifier: MIT
// The log of the last moments before a crash: what fsync() wrote and no commit has taken up yet.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// After check_root_tree(). Reads every log that waits to be replayed: its blocks, its items, and whether the data that
/// it brings has checksums.
void check_log(Context& context);

} // namespace btrkit::check

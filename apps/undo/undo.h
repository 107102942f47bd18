// SPDX-License-Identifier: MIT
// btrkit-undo: a filesystem as it was before a change, from the change's undo file; or that file given up.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Exit status: 0 it is as it was before the change (or would be, with --dry-run), also where it was already; 1 it
/// could not be done, or not all of it; 2 wrong usage.
int run_undo(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

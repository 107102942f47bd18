// SPDX-License-Identifier: MIT
// btrkit-check: whether a filesystem is sound, and if not, what is wrong and whose it is.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Exit status, as fsck(8): 0 clean, 4 something is wrong and was left as it is, 8 could not be checked, 16 wrong usage,
/// 32 stopped by the user. 0 is never given when an error was printed.
int run_check(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

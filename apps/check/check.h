// SPDX-License-Identifier: MIT
// btrkit-check: whether a filesystem is sound, and if not, what is wrong and whose it is.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Exit status: bits of fsck(8) (exit_status.h). 0 is never given when an error was printed. Devices without a
/// superblock that can be used end with 12: something is wrong with them, and they could not be checked.
int run_check(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// btrkit-defragment: files of an image laid out anew, while everything that is shared stays so.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Exit status: 0 done; 1 it could not be done; 2 wrong usage.
int run_defragment(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// The verbs of btrkit-edit that only read.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

int run_edit_get(std::span<const std::string> arguments, Io& io);
int run_edit_lsattr(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

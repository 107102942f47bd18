// SPDX-License-Identifier: MIT
// btrkit-mkfs: a new filesystem, empty or filled.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

int run_mkfs(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// btrkit-stream: send streams as files, without a filesystem: shown, and verified.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Exit status: 0 it was shown whole, or everything is sound; 1 something is wrong with a stream or its parents, or it
/// can't be read; 2 wrong usage.
int run_stream(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// btrkit-send: snapshots, or what has changed between two of them, as a stream.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Exit status: 0 the stream is whole, and nothing was left out; 1 it is not; 2 wrong usage.
int run_send(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

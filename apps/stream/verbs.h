// SPDX-License-Identifier: MIT
// The verbs of btrkit-stream, each a tool of its own behind the verb.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view stream_tool = "btrkit-stream";

int run_stream_dump(std::span<const std::string> arguments, Io& io);
int run_stream_verify(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

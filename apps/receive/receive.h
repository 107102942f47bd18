// SPDX-License-Identifier: MIT
// btrkit-receive: send streams become subvolumes of an image.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view receive_tool = "btrkit-receive";

/// Exit status: 0 done; 1 it could not be done, or not all of it; 2 wrong usage.
int run_receive(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

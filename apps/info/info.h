// SPDX-License-Identifier: MIT
// btrkit-info: what a filesystem is, on one screen, and what to do next.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view info_tool = "btrkit-info";

/// Exit status: 0 all was told; 1 it could not be done, or something is wrong; 2 wrong usage.
int run_info(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

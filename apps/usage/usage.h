// SPDX-License-Identifier: MIT
// btrkit-usage: where the space of a filesystem is.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view usage_tool = "btrkit-usage";

/// Exit status: 0 all was counted; 1 it could not be done, or something could not be read: then the rest was counted;
/// 2 wrong usage.
int run_usage(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

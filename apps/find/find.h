// SPDX-License-Identifier: MIT
// btrkit-find: names in an image that match.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view find_tool = "btrkit-find";

/// Exit status: 0 all was looked at; 1 it could not be done, or something could not be read: then the rest was looked
/// at; 2 wrong usage.
int run_find(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

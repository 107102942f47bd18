// SPDX-License-Identifier: MIT
// btrkit-resize: an image made smaller, larger, or compact. Its first argument is a verb.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view resize_tool = "btrkit-resize";

/// Exit status: 0 done; 1 it could not be done; 2 wrong usage.
int run_resize(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

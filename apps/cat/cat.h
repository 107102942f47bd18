// SPDX-License-Identifier: MIT
// btrkit-cat: what files of an image hold.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view cat_tool = "btrkit-cat";

/// Exit status: 0 every byte is proven; 1 it could not be done, or something is bad: its ranges are told; 2 wrong
/// usage.
int run_cat(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

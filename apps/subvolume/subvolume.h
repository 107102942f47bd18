// SPDX-License-Identifier: MIT
// btrkit-subvolume: which subvolumes an image has, and all about them. Its first argument is a verb.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view subvolume_tool = "btrkit-subvolume";

/// Exit status: 0 done; 1 it could not be done, or not all of it could be read; 2 wrong usage.
int run_subvolume(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// btrkit-resolve: from addresses, places of devices and inode numbers to files.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view resolve_tool = "btrkit-resolve";

/// Exit status: 0 all was told; 1 it could not be done, or not all could be read; 2 wrong usage.
int run_resolve(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

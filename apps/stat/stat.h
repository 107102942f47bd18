// SPDX-License-Identifier: MIT
// btrkit-stat: all that a filesystem knows of an inode.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view stat_tool = "btrkit-stat";

/// Exit status: 0 all was told; 1 it could not be done, or something could not be read or, with --verify, is bad;
/// 2 wrong usage.
int run_stat(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// btrkit-ls: what stands in directories of an image.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view ls_tool = "btrkit-ls";

/// Exit status: 0 all was listed; 1 it could not be done, or something could not be read: then the rest was listed;
/// 2 wrong usage.
int run_ls(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

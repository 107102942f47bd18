// SPDX-License-Identifier: MIT
// btrkit-extract: files out of an image that need not be mountable.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view extract_tool = "btrkit-extract";

/// Exit status: 0 all of it was taken out; 1 some of it was not, or could not be proven; 2 wrong usage; 130 stopped.
int run_extract(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

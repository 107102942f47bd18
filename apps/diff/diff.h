// SPDX-License-Identifier: MIT
// btrkit-diff: what is different between two subvolumes or directories, of one image or of two.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view diff_tool = "btrkit-diff";

// As diff(1) has them.
inline constexpr int diff_equal = 0;
inline constexpr int diff_different = 1;
inline constexpr int diff_trouble = 2; ///< wrong usage, or something could not be compared

int run_diff(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

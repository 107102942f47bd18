// SPDX-License-Identifier: MIT
// btrkit-edit: files put into an image, taken out, and changed there, without mounting it.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view edit_tool = "btrkit-edit";

/// Exit status: 0 done; 1 it could not be done, then nothing was changed; 2 wrong usage.
int run_edit(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

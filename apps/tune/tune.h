// SPDX-License-Identifier: MIT
// btrkit-tune: a filesystem's label, ids and features. Its first argument is a verb.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

inline constexpr std::string_view tune_tool = "btrkit-tune";

/// Exit status: 0 done; 1 it could not be done; 2 wrong usage.
int run_tune(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

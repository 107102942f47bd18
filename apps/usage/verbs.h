// SPDX-License-Identifier: MIT
// The verbs of btrkit-usage, each a tool of its own behind the verb.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

int run_usage_df(std::span<const std::string> arguments, Io& io);
int run_usage_du(std::span<const std::string> arguments, Io& io);
int run_usage_map(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

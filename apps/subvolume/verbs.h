// SPDX-License-Identifier: MIT
// The verbs of btrkit-subvolume, each a tool of its own behind the verb.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

int run_subvolume_list(std::span<const std::string> arguments, Io& io);
int run_subvolume_show(std::span<const std::string> arguments, Io& io);
int run_subvolume_get_default(std::span<const std::string> arguments, Io& io);
int run_property_get(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

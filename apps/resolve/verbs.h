// SPDX-License-Identifier: MIT
// The verbs of btrkit-resolve, each a tool of its own behind the verb.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

int run_resolve_logical(std::span<const std::string> arguments, Io& io);
int run_resolve_physical(std::span<const std::string> arguments, Io& io);
int run_resolve_inode(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

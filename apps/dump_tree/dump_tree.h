// SPDX-License-Identifier: MIT
// btrkit-dump-tree: what stands in the trees, as the peer prints it, as JSON lines, or as a line of text an item.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Exit status: 0 done, 1 if anything was printed as an error (damage among it: the rest is printed all the same),
/// 2 wrong usage.
int run_dump_tree(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

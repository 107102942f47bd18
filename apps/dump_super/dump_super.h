// SPDX-License-Identifier: MIT
// btrkit-dump-super: superblocks as the peer prints them, or as JSON with all that can be said of them.
#pragma once

#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Exit status: 0 done, 1 if anything was printed as an error, 2 wrong usage. A checksum that does not match is
/// shown, not an error (as in the peer); a copy without the magic is one, unless -F allows it.
int run_dump_super(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// From a dump to new image files.
#pragma once

#include "apps/dump_image/flags.h"

namespace btrkit::apps {

/// Returns the exit status. Where it fails the files are removed again.
int run_restore(const CommandLine& line, const DumpImageFlags& flags, Io& io);

} // namespace btrkit::apps

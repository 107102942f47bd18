// SPDX-License-Identifier: MIT
// btrkit-scrub: every copy of everything read and verified, and bad ones mended where that is asked for.
#pragma once

#include "apps/common/io_layer.h"
#include "apps/scrub/time_source.h"

namespace btrkit::apps {

/// Exit status: 0 nothing is wrong, or all that was is mended; 3 errors are left; 1 it could not be done, or not all of
/// it; 2 wrong usage.
int run_scrub(std::span<const std::string> arguments, Io& io);
int run_scrub(std::span<const std::string> arguments, Io& io, const TimeSource& time);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// btrkit-check --repair: the plan, and what comes of it.
#pragma once

#include "apps/check/flags.h"

namespace btrkit::apps {

/// Returns the exit status, bits of exit_status.h.
int run_repair(const CommandLine& line, Io& io, const CheckFlags& flags);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#pragma once

#include "apps/common/messages.h"
#include "apps/scrub/outcome.h"

namespace btrkit::apps {

/// A summary in the words of `btrfs scrub`, the findings, what is no longer redundant, and the verdict. verbose: all
/// findings, and not only the first of each code; quiet: nothing but errors.
std::string scrub_text(const ScrubOutcome& outcome, Verbosity verbosity);

} // namespace btrkit::apps

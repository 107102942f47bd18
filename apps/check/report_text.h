// SPDX-License-Identifier: MIT
#pragma once

#include "apps/check/outcome.h"
#include "apps/common/messages.h"

namespace btrkit::apps {

/// Findings with whose they are, counts, and the verdict in lines of their own. verbose: all findings, and not only the
/// first of each code; quiet: nothing but errors.
std::string check_text(const CheckOutcome& outcome, Verbosity verbosity);

/// The quota groups as they count and as they should.
std::string qgroup_text(const CheckOutcome& outcome);

} // namespace btrkit::apps

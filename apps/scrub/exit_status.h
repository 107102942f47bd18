// SPDX-License-Identifier: MIT
// What scrub ends with besides what all tools end with (apps/common/exit_status.h); in the peer's numbers.
#pragma once

#include "apps/common/exit_status.h"

namespace btrkit::apps {

inline constexpr int scrub_errors_left = 3; ///< no good copy, or not to be mended

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// What processes end with. check and scrub have further ones of their own.
#pragma once

namespace btrkit::apps {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1; ///< could not be done; also whenever something was printed as an error
inline constexpr int exit_usage = 2;

} // namespace btrkit::apps

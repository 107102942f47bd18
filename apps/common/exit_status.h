// SPDX-License-Identifier: MIT
// What processes end with. check and scrub have further ones of their own.
#pragma once

namespace btrkit::apps {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1; ///< could not be done; also whenever something was printed as an error
inline constexpr int exit_usage = 2;
inline constexpr int exit_cancelled = 130; ///< a signal stopped it before it was done: what a shell says of Ctrl-C

} // namespace btrkit::apps

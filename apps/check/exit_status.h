// SPDX-License-Identifier: MIT
// The bits of fsck(8) that check ends with; several may be set.
#pragma once

namespace btrkit::apps {

inline constexpr int check_clean = 0;
inline constexpr int check_corrected = 1; ///< errors were found and repaired
inline constexpr int check_damaged = 4;   ///< errors were found and left as they are
inline constexpr int check_failed = 8;    ///< it could not be checked, or not all of it
inline constexpr int check_usage = 16;
inline constexpr int check_cancelled = 32;

} // namespace btrkit::apps

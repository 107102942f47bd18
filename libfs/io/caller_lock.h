// SPDX-License-Identifier: MIT
// Whose a lock is that stands in the way.
#pragma once

#include <string_view>

namespace btrkit {

/// As /proc/locks calls them.
inline constexpr std::string_view flock_kind = "FLOCK";
inline constexpr std::string_view ofd_lock_kind = "OFDLCK";

/// Whether every lock of this kind on the open file fd is held by those who called us: by an ancestor of this process,
/// or by a descriptor that came to it through exec. They hold it so that nobody else but us comes near
/// (flock(1), systemd-repart). False where /proc does not tell, and for locks that this process took itself.
bool is_lock_of_caller(int fd, std::string_view kind);

} // namespace btrkit

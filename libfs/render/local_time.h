// SPDX-License-Identifier: MIT
// Seconds since 1970 as the host's local time, fast enough for a thousand times a millisecond.
#pragma once

#include "libfs/base/text_buffer.h"

#include <array>
#include <ctime>
#include <string>

namespace btrkit {

/// Writes "2026-11-21 00:49:09". localtime_r costs more than the rest of an inode's text; offsets from UTC change at
/// quarter hours, so one call for both ends of a quarter serves all seconds in it (bench/dump-tree: a third of the
/// time of dump-tree went into localtime_r before). Not for use by two threads at once.
class LocalTime {
public:
    void put(TextBuffer& out, std::int64_t seconds);

    /// Forgets the dates before: what is printed must not depend on which blocks a thread had.
    void forget() { last_seconds_ = 0; }

private:
    struct Quarter {
        std::int64_t start = 0;
        std::int64_t offset_seconds = 0;
        bool known = false;
    };

    void put_by_libc(TextBuffer& out, std::int64_t seconds);
    const Quarter& quarter_of(std::int64_t seconds);

    std::array<Quarter, 64> quarters_{};
    std::int64_t last_seconds_ = 0; ///< the last date that could be printed as it is
};

/// "2026-11-21 00:49:09 +0100": with what it is ahead of UTC, for times that are few.
std::string time_text_with_zone(std::int64_t seconds);

} // namespace btrkit

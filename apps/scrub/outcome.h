// SPDX-License-Identifier: MIT
// What scrub has to tell, before it is text or JSON.
#pragma once

#include "libfs/ops/scrub/scrub.h"

#include <chrono>
#include <string>
#include <vector>

namespace btrkit::apps {

enum class ScrubVerdict {
    clean,
    corrected,   ///< there were errors, and all of them are mended
    errors_left, ///< no good copy, undecidable, or not mended
    unknown,     ///< stopped, or not begun, before anything was found
};

struct ScrubOutcome {
    const std::vector<std::string>& images;
    const scrub::Report& report;
    const btrfs::Superblock* super = nullptr; ///< null: no filesystem could be opened
    std::vector<u64> missing_devids = {};     ///< devices of it that were not given
    std::int64_t started_seconds = 0;         ///< of this run, since 1970
    std::chrono::milliseconds duration = {};  ///< of all runs
    bool repairs = false;                     ///< mending was asked for
    bool resumed = false;
    bool per_device = false;
    bool raw = false;

    /// Errors that no device's counters have: findings that nobody can mend by copying.
    u64 other_errors() const;
    ScrubVerdict verdict() const;
    /// Whether all was looked at.
    bool is_complete() const { return super != nullptr && !report.stopped; }
    int exit_status() const;
};

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// What check has to tell, before it is text or JSON.
#pragma once

#include "libfs/ops/check/check.h"

#include <string>
#include <vector>

namespace btrkit::apps {

enum class Verdict {
    clean,
    damaged,
    unknown, ///< stopped before anything was found
};

struct CheckOutcome {
    const std::vector<std::string>& images;
    const check::Report& report;
    const btrfs::Superblock* super = nullptr; ///< null: no filesystem could be opened
    std::vector<u64> missing_devids = {};     ///< devices of it that were not given

    u64 error_count() const { return report.findings.count(Severity::error) + report.findings.count(Severity::fatal); }
    Verdict verdict() const {
        if (error_count() > 0 || super == nullptr) {
            return Verdict::damaged;
        }
        return report.stopped ? Verdict::unknown : Verdict::clean;
    }
};

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/scrub/outcome.h"

#include "apps/scrub/exit_status.h"

#include <algorithm>

namespace btrkit::apps {

u64 ScrubOutcome::other_errors() const {
    const auto is_other = [](const survey::Finding& finding) {
        return finding.problem.severity() != Severity::note && !finding.mend;
    };
    return static_cast<u64>(std::ranges::count_if(report.findings.all(), is_other));
}

ScrubVerdict ScrubOutcome::verdict() const {
    const auto counts = report.counts();
    const auto is_left = [](const survey::Finding& finding) {
        return finding.mend && finding.mend->state != survey::Mend::State::mended;
    };
    const auto is_lost = [](const scrub::ReducedChunks& chunks) { return !chunks.is_readable(); };
    const bool are_left = other_errors() > 0 || std::ranges::any_of(report.findings.all(), is_left) ||
                          std::ranges::any_of(report.reduced, is_lost) || counts.uncorrectable_errors > 0 ||
                          counts.unverified_errors > 0 || counts.correctable_errors > 0;
    if (are_left) {
        return ScrubVerdict::errors_left;
    }
    if (!is_complete()) {
        return ScrubVerdict::unknown;
    }
    return counts.corrected_errors > 0 ? ScrubVerdict::corrected : ScrubVerdict::clean;
}

int ScrubOutcome::exit_status() const {
    if (!is_complete() || report.write_failed) {
        return exit_failed;
    }
    return verdict() == ScrubVerdict::errors_left ? scrub_errors_left : exit_done;
}

} // namespace btrkit::apps

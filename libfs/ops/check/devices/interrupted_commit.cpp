// SPDX-License-Identifier: MIT
#include "libfs/ops/check/devices/interrupted_commit.h"

#include <algorithm>

namespace btrkit::check {

using namespace survey;

void excuse_interrupted_commit(const Filesystem& filesystem, Findings& findings) {
    const u64 errors = findings.count(Severity::error) + findings.count(Severity::fatal);
    const bool is_only_that =
        findings.any(ProblemCode::device_stale) && errors == findings.count(ProblemCode::device_stale);
    const bool is_one_behind = std::ranges::all_of(filesystem.volume().members(), [&](const auto& entry) {
        return !entry.second.stale || entry.second.generation + 1 == filesystem.super().generation;
    });
    if (!is_only_that || !is_one_behind) {
        return;
    }
    Findings excused;
    for (auto& finding : findings.all()) {
        if (finding.problem.code == ProblemCode::device_stale) {
            finding.problem.code = ProblemCode::super_mirror_stale;
            finding.problem.place.physical = btrfs::superblock_offsets[0];
            finding.problem.detail += ", as a power failure during a commit leaves it";
        }
        excused.add(finding.problem, finding.mend);
    }
    findings = std::move(excused);
}

} // namespace btrkit::check

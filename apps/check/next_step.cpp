// SPDX-License-Identifier: MIT
// What to do next, by what was found.
#include "apps/check/report.h"

#include "apps/common/finding_text.h"
#include "apps/common/shell_word.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// What another copy makes good: a scrub writes it anew.
bool is_for_scrub(ProblemCode code) {
    switch (code) {
    case ProblemCode::super_mirror_invalid:
    case ProblemCode::super_mirror_differs:
    case ProblemCode::super_mirror_stale:
    case ProblemCode::device_stale:
    case ProblemCode::block_unreadable:
    case ProblemCode::block_checksum:
    case ProblemCode::block_bytenr:
    case ProblemCode::block_fsid:
    case ProblemCode::block_generation:
    case ProblemCode::data_checksum:
    case ProblemCode::data_unreadable: return true;
    default: return false;
    }
}

bool is_error(const survey::Finding& finding) {
    return finding.problem.severity() != Severity::note;
}

std::string images_for_shell(const CheckOutcome& outcome) {
    std::string text;
    for (const auto& image : outcome.images) {
        text += " " + shell_word(image);
    }
    return text;
}

} // namespace

std::string next_step(const CheckOutcome& outcome) {
    const auto& findings = outcome.report.findings;
    const auto& all = findings.all();
    if (outcome.super == nullptr || outcome.report.stopped) {
        return {};
    }
    if (findings.any(ProblemCode::device_missing)) {
        return fmt::format("give the {} too{}",
                           findings.count(ProblemCode::device_missing) == 1 ? "missing device" : "missing devices",
                           outcome.report.mountability.state == check::Mountable::read_only
                               ? "; without, mount -o ro,degraded reads what is there"
                               : "");
    }
    const bool has_lost = findings.any(ProblemCode::block_lost);
    const bool has_errors = std::ranges::any_of(all, is_error);
    const bool is_all_for_scrub = std::ranges::all_of(
        all, [](const auto& finding) { return !is_error(finding) || is_for_scrub(finding.problem.code); });
    if (has_errors && is_all_for_scrub && !has_lost) {
        return "btrkit-scrub --repair" + images_for_shell(outcome);
    }
    if (findings.any(ProblemCode::block_copies_differ) && outcome.images.size() > 1) {
        return "check each device by itself and keep the one that you trust: each was written without the others, and "
               "nothing tells which is right";
    }
    if (findings.any(ProblemCode::super_mirror_used)) {
        return "save what you need: btrkit-send reads through the mirror; no kernel does";
    }
    if (!has_errors) {
        return {};
    }
    return fmt::format(
        "save what you need: {}btrkit-send --allow-writable --skip-errors{} SUBVOLUME",
        outcome.report.mountability.state == check::Mountable::read_only ? "mount -o ro,rescue=all and copy, or " : "",
        outcome.images.size() == 1 ? images_for_shell(outcome) : " IMAGE --member IMAGE...");
}

} // namespace btrkit::apps

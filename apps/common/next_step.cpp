// SPDX-License-Identifier: MIT
#include "apps/common/next_step.h"

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

} // namespace

std::string images_for_shell(const std::vector<std::string>& images) {
    std::string text;
    for (const auto& image : images) {
        text += " " + shell_word(image);
    }
    return text;
}

std::string members_for_shell(const std::vector<std::string>& images) {
    std::string text;
    for (const auto& image : images) {
        text += (text.empty() ? " " : " --member ") + shell_word(image);
    }
    return text;
}

std::string next_step(const survey::Findings& findings, const std::vector<std::string>& images, bool kernel_reads) {
    const auto& all = findings.all();
    if (findings.any(ProblemCode::device_missing)) {
        return fmt::format("give the {} too{}",
                           findings.count(ProblemCode::device_missing) == 1 ? "missing device" : "missing devices",
                           kernel_reads ? "; without, mount -o ro,degraded reads what is there" : "");
    }
    const bool has_lost = findings.any(ProblemCode::block_lost);
    const bool has_errors = std::ranges::any_of(all, is_error);
    const bool is_all_for_scrub = std::ranges::all_of(
        all, [](const auto& finding) { return !is_error(finding) || is_for_scrub(finding.problem.code); });
    if (has_errors && is_all_for_scrub && !has_lost) {
        return "btrkit-scrub --repair" + images_for_shell(images);
    }
    if (findings.any(ProblemCode::block_copies_differ) && images.size() > 1) {
        return "check each device by itself and keep the one that you trust: each was written without the others, and "
               "nothing tells which is right";
    }
    if (findings.any(ProblemCode::super_mirror_used)) {
        return fmt::format("save what you need: btrkit-extract{} --to FOLDER reads through the mirror; no kernel does",
                           members_for_shell(images));
    }
    if (!has_errors) {
        return {};
    }
    return fmt::format(
        "save what you need: {}btrkit-extract{} --to FOLDER; then btrkit-check --plan{} tells what can be "
        "repaired",
        kernel_reads ? "mount -o ro,rescue=all and copy, or " : "", members_for_shell(images),
        images_for_shell(images));
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/check/report.h"

#include "apps/common/finding_text.h"
#include "apps/common/next_step.h"
#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::apps {

namespace {

void put_heading(std::string& text, const CheckOutcome& outcome) {
    text += fmt::format("Checking {}: ", images_text(outcome.images));
    text += outcome.super == nullptr
                ? "no filesystem\n"
                : fmt::format("UUID {}, {}\n", uuid_text(outcome.super->fsid), label_text(*outcome.super));
}

void put_counts(std::string& text, const check::Report& report) {
    text += fmt::format("Looked at: {} in {} ({}), {} of data, {}, {}\n", plural(report.block_count, "tree block"),
                        size_text(report.tree_bytes), plural(report.tree_bytes, "byte"), size_text(report.data_bytes),
                        plural(report.subvolume_count, "subvolume"), plural(report.file_count, "inode"));
    if (report.verified_bytes > 0) {
        text += fmt::format("Data read: {} of all copies\n", size_text(report.verified_bytes));
    }
}

/// Of what could be repaired without loss, what is about a tree block that has no good copy: nothing proves what is
/// right.
u64 unproven(const survey::Findings& findings) {
    std::set<Logical> lost;
    for (const auto& finding : findings.all()) {
        if (finding.problem.code == ProblemCode::block_lost && finding.problem.place.logical) {
            lost.insert(*finding.problem.place.logical);
        }
    }
    return static_cast<u64>(std::ranges::count_if(findings.all(), [&](const survey::Finding& finding) {
        const auto& info = problem_info(finding.problem.code);
        const auto& address = finding.problem.place.logical;
        return info.repair == Repair::lossless && info.severity != Severity::note && address && lost.contains(*address);
    }));
}

/// "3 errors (2 can be repaired without loss), 1 note". What is missing, or stands against each other, may be what a
/// repair would need: then nothing is said about it.
std::string tally(const CheckOutcome& outcome) {
    const auto& findings = outcome.report.findings;
    const bool can_be_told = outcome.super != nullptr && !findings.any(ProblemCode::device_missing) &&
                             !findings.any(ProblemCode::super_devices_disagree) &&
                             !findings.any(ProblemCode::super_mirror_used);
    u64 lossless = 0;
    for (const auto& info : problem_catalogue) {
        const bool counts = can_be_told && info.severity != Severity::note && info.repair == Repair::lossless;
        lossless += counts ? findings.count(info.code) : 0;
    }
    lossless -= std::min(lossless, unproven(findings));
    std::string text = plural(outcome.error_count(), "error");
    if (lossless > 0) {
        text += fmt::format(" ({} can be repaired without loss)", lossless);
    }
    if (const u64 notes = findings.count(Severity::note); notes > 0) {
        text += ", " + plural(notes, "note");
    }
    return text;
}

void put_verdict(std::string& text, const CheckOutcome& outcome) {
    const u64 notes = outcome.report.findings.count(Severity::note);
    const std::string_view stopped = outcome.report.stopped ? "; stopped before the end" : "";
    switch (outcome.verdict()) {
    case Verdict::clean:
        text += fmt::format("Verdict: clean{}\n", notes > 0 ? ", " + plural(notes, "note") : "");
        break;
    case Verdict::damaged: text += fmt::format("Verdict: damaged: {}{}\n", tally(outcome), stopped); break;
    case Verdict::unknown: text += "Verdict: unknown; stopped before the end\n"; break;
    }
}

std::string_view text_of(check::Mountable state) {
    switch (state) {
    case check::Mountable::read_write: return "read-write";
    case check::Mountable::read_only: return "read-only";
    case check::Mountable::refused: break;
    }
    return "refused";
}

std::string mount_text(const check::Mountability& mountability) {
    return fmt::format("{}: Linux {}{}{}{}", text_of(mountability.state), kernel_name(mountability.kernel),
                       mountability.reason.empty() ? "" : ": ", mountability.reason,
                       mountability.panics ? "; never mount it with this one" : "");
}

void put_mountability(std::string& text, const check::Report& report) {
    text += fmt::format("Mount: {}\n", mount_text(report.mountability));
    for (const auto& other : report.other_kernels) {
        text += fmt::format("       {}\n", mount_text(other));
    }
}

void put_numbers(std::string& text, std::string_view whose, std::string_view kind, u64 bytes) {
    text += fmt::format("{}:\t\t{} {}\n", whose, kind, bytes);
}

} // namespace

std::string check_text(const CheckOutcome& outcome, Verbosity verbosity) {
    std::string text;
    const bool is_quiet = verbosity == Verbosity::quiet;
    if (!is_quiet) {
        put_heading(text, outcome);
    }
    put_findings(text, outcome.report.findings, verbosity);
    if (outcome.super != nullptr && !is_quiet) {
        put_counts(text, outcome.report);
    }
    // What was not looked at for want of devices is not passed over in silence.
    if (!is_quiet || outcome.verdict() != Verdict::clean || outcome.report.mountability.is_for_missing_devices) {
        put_verdict(text, outcome);
        put_mountability(text, outcome.report);
        if (const auto next = next_step(outcome); !next.empty()) {
            text += fmt::format("Next: {}\n", next);
        }
    }
    return text;
}

std::string next_step(const CheckOutcome& outcome) {
    if (outcome.super == nullptr || outcome.report.stopped) {
        return {};
    }
    return next_step(outcome.report.findings, outcome.images,
                     outcome.report.mountability.state == check::Mountable::read_only);
}

std::string qgroup_text(const CheckOutcome& outcome) {
    std::string text;
    for (const auto& group : outcome.report.qgroups) {
        const bool is_same = group.referenced_bytes == group.counted_referenced_bytes &&
                             group.exclusive_bytes == group.counted_exclusive_bytes;
        text += fmt::format("Counts for qgroup id: {}/{}{}\n", btrfs::qgroup_level(group.id),
                            btrfs::qgroup_number(group.id), is_same ? "" : " are different");
        put_numbers(text, "our", "referenced", group.counted_referenced_bytes);
        put_numbers(text, "disk", "referenced", group.referenced_bytes);
        put_numbers(text, "our", "exclusive", group.counted_exclusive_bytes);
        put_numbers(text, "disk", "exclusive", group.exclusive_bytes);
    }
    return text;
}

std::string extents_text(const check::SubvolExtents& extents) {
    std::string text = "Offset\t\tLen\tRoot Refs\tRoots\n";
    for (const auto& extent : extents.extents) {
        const auto& sharers = extents.sharers.at(extent.sharers);
        text += fmt::format("{}\t{}\t{}\t{}\n", extent.address, extent.length_bytes, sharers.size(),
                            fmt::join(sharers, " "));
    }
    return text;
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/check/report_text.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::apps {

namespace {

/// Of each code, unless all are asked for.
constexpr u64 most_findings = 20;

std::string plural(u64 count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string full_path(const std::string& subvolume, const std::string& path) {
    const bool is_top = subvolume == "/";
    return printable(is_top ? path : subvolume + path);
}

std::string subvolume_text(const check::Affected& affected) {
    return fmt::format("subvolume {} {}", affected.tree, printable(affected.subvolume));
}

/// "files: /sub/a/b (subvolume 257 /sub) and 3 more; 12 subvolumes"
std::string affected_text(const check::Finding& finding) {
    u64 files = 0;
    const check::Affected* with_files = nullptr;
    bool has_more = finding.affects_more;
    for (const auto& affected : finding.affected) {
        files += affected.paths.size();
        has_more = has_more || affected.has_more;
        with_files = with_files == nullptr && !affected.paths.empty() ? &affected : with_files;
    }
    const u64 subvolumes = std::max<u64>(finding.subvolume_count, finding.affected.size());
    const std::string_view least = has_more ? "at least " : "";
    if (with_files == nullptr) {
        const std::string others = subvolumes > 1 ? fmt::format(" and {}{} more", least, subvolumes - 1) : "";
        return fmt::format("{}{}", subvolume_text(finding.affected.front()), others);
    }
    std::string text = fmt::format(
        "{} {} ({})", files == 1 ? "file:" : "files:", full_path(with_files->subvolume, with_files->paths.front()),
        subvolume_text(*with_files));
    if (files > 1) {
        text += fmt::format(" and {}{} more", least, files - 1);
    }
    if (subvolumes > 1) {
        text += fmt::format("; {}{}", finding.affects_more ? least : "", plural(subvolumes, "subvolume"));
    }
    return text;
}

void put_finding(std::string& text, const check::Finding& finding) {
    const bool is_note = finding.problem.severity() == Severity::note;
    text += fmt::format("{}: {}\n", is_note ? "note" : "error", describe(finding.problem));
    if (!finding.affected.empty()) {
        text += fmt::format("    {}\n", affected_text(finding));
    }
}

void put_findings(std::string& text, const check::Findings& findings, Verbosity verbosity) {
    const u64 most = verbosity == Verbosity::verbose ? check::Findings::kept_of_each_code : most_findings;
    for (const auto& info : problem_catalogue) {
        if (!findings.any(info.code) || (verbosity == Verbosity::quiet && info.severity == Severity::note)) {
            continue;
        }
        u64 shown = 0;
        for (const auto& finding : findings.all()) {
            if (finding.problem.code == info.code && shown < most) {
                put_finding(text, finding);
                ++shown;
            }
        }
        if (const u64 rest = findings.count(info.code) - shown; rest > 0) {
            text += fmt::format("... and {} more [{}]\n", rest, info.id);
        }
    }
}

std::string label_text(const btrfs::Superblock& super) {
    const std::string_view label(super.label.data(), super.label.size());
    const auto text = label.substr(0, label.find('\0'));
    return text.empty() ? "no label" : fmt::format("label \"{}\"", printable(text));
}

std::string images_text(const CheckOutcome& outcome) {
    std::string text;
    for (const auto& image : outcome.images) {
        text += (text.empty() ? "" : ", ") + printable(image);
    }
    return text;
}

void put_heading(std::string& text, const CheckOutcome& outcome) {
    text += fmt::format("Checking {}: ", images_text(outcome));
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

/// "3 errors (2 can be repaired without loss), 1 note"
std::string tally(const CheckOutcome& outcome) {
    const auto& findings = outcome.report.findings;
    u64 lossless = 0;
    for (const auto& info : problem_catalogue) {
        const bool counts = info.severity != Severity::note && info.repair == Repair::lossless;
        lossless += counts ? findings.count(info.code) : 0;
    }
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

void put_mountability(std::string& text, const check::Mountability& mountability) {
    const std::string why = mountability.reason.empty() ? "" : ": " + mountability.reason;
    switch (mountability.state) {
    case check::Mountable::read_write: text += fmt::format("Mount: read-write{}\n", why); break;
    case check::Mountable::read_only: text += fmt::format("Mount: read-only{}\n", why); break;
    case check::Mountable::refused: text += fmt::format("Mount: refused{}\n", why); break;
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
    if (!is_quiet || outcome.verdict() != Verdict::clean) {
        put_verdict(text, outcome);
        put_mountability(text, outcome.report.mountability);
    }
    return text;
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

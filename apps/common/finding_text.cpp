// SPDX-License-Identifier: MIT
#include "apps/common/finding_text.h"

#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// Of each code, unless all are asked for.
constexpr u64 most_findings = 20;

std::string full_path(const std::string& subvolume, const std::string& path) {
    const bool is_top = subvolume == "/";
    return printable(is_top ? path : subvolume + path);
}

std::string subvolume_text(const survey::Affected& affected) {
    return fmt::format("subvolume {} {}", affected.tree, printable(affected.subvolume));
}

/// "files: /sub/a/b (subvolume 257 /sub) and 3 more; 12 subvolumes"
std::string affected_text(const survey::Finding& finding) {
    u64 files = 0;
    const survey::Affected* with_files = nullptr;
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

std::string mend_text(const survey::Mend& mend) {
    const std::string from = mend.from.empty() ? "" : " from " + printable(mend.from);
    switch (mend.state) {
    case survey::Mend::State::mended: return "mended" + from;
    case survey::Mend::State::mendable: return "can be mended" + from;
    case survey::Mend::State::unmendable: return "no good copy";
    case survey::Mend::State::undecidable: return "undecidable: nothing tells which copy is right";
    case survey::Mend::State::failed: break;
    }
    return fmt::format("not mended{}: writing failed", from);
}

/// What was mended is an error no more.
std::string_view label_of(const survey::Finding& finding) {
    if (finding.mend && finding.mend->state == survey::Mend::State::mended) {
        return "corrected";
    }
    return finding.problem.severity() == Severity::note ? "note" : "error";
}

void put_finding(std::string& text, const survey::Finding& finding) {
    text += fmt::format("{}: {}\n", label_of(finding), describe(finding.problem));
    if (finding.mend) {
        text += fmt::format("    {}\n", mend_text(*finding.mend));
    }
    if (!finding.affected.empty()) {
        text += fmt::format("    {}\n", affected_text(finding));
    }
}

} // namespace

void put_findings(std::string& text, const survey::Findings& findings, Verbosity verbosity) {
    const u64 most = verbosity == Verbosity::verbose ? survey::Findings::kept_of_each_code : most_findings;
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

std::string images_text(const std::vector<std::string>& images) {
    std::string text;
    for (const auto& image : images) {
        text += (text.empty() ? "" : ", ") + printable(image);
    }
    return text;
}

std::string label_text(const btrfs::Superblock& super) {
    const std::string_view label(super.label.data(), super.label.size());
    const auto text = label.substr(0, label.find('\0'));
    return text.empty() ? "no label" : fmt::format("label \"{}\"", printable(text));
}

} // namespace btrkit::apps

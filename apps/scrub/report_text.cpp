// SPDX-License-Identifier: MIT
#include "apps/scrub/report.h"

#include "apps/common/finding_text.h"
#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

using survey::ScrubCounts;

/// The errors of the summary, in the peer's order and words; those that it does not know last.
struct ErrorKindName {
    std::string_view name;
    u64 ScrubCounts::* member;
};
constexpr auto error_kinds = std::to_array<ErrorKindName>({
    {"read", &ScrubCounts::read_errors},
    {"super", &ScrubCounts::super_errors},
    {"verify", &ScrubCounts::verify_errors},
    {"csum", &ScrubCounts::csum_errors},
    {"parity", &ScrubCounts::parity_errors},
    {"unverified", &ScrubCounts::unverified_errors},
});

void put_line(std::string& text, std::string_view label, std::string_view value) {
    text += fmt::format("{:<18}{}\n", label, value);
}

/// "Sat Nov 21 11:17:28 2026", as ctime(3) has it.
std::string date_text(std::int64_t seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    std::array<char, 64> text{};
    if (::localtime_r(&time, &parts) == nullptr) {
        return std::to_string(seconds);
    }
    return {text.data(), std::strftime(text.data(), text.size(), "%a %b %e %H:%M:%S %Y", &parts)};
}

/// "0:07:30"
std::string duration_text(std::chrono::milliseconds duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

void put_raw(std::string& text, const ScrubCounts& counts) {
    for (const auto& field : survey::scrub_count_fields) {
        text += fmt::format("\t{}: {}\n", field.name, counts.*field.member);
    }
}

void put_error_summary(std::string& text, const ScrubCounts& counts, bool repairs) {
    std::string errors;
    for (const auto& kind : error_kinds) {
        if (const u64 count = counts.*kind.member; count > 0) {
            errors += fmt::format("{}{}={}", errors.empty() ? "" : " ", kind.name, count);
        }
    }
    put_line(text, "Error summary:", errors.empty() ? "no errors found" : errors);
    if (errors.empty()) {
        return;
    }
    put_line(text, "  Corrected:", std::to_string(counts.corrected_errors));
    if (!repairs || counts.correctable_errors > 0) {
        put_line(text, "  Correctable:", std::to_string(counts.correctable_errors));
    }
    put_line(text, "  Uncorrectable:", std::to_string(counts.uncorrectable_errors));
    put_line(text, "  Unverified:", std::to_string(counts.unverified_errors));
}

void put_times(std::string& text, const ScrubOutcome& outcome) {
    put_line(text, outcome.resumed ? "Scrub resumed:" : "Scrub started:", date_text(outcome.started_seconds));
    put_line(text, "Status:", outcome.report.stopped ? "interrupted" : "finished");
    put_line(text, "Duration:", duration_text(outcome.duration));
}

std::string rate_text(u64 bytes, std::chrono::milliseconds duration) {
    const auto seconds = std::chrono::duration<double>(std::max(duration, std::chrono::milliseconds(1)));
    return size_text(static_cast<u64>(static_cast<double>(bytes) / seconds.count())) + "/s";
}

void put_total(std::string& text, const ScrubOutcome& outcome) {
    const auto& report = outcome.report;
    put_line(text, "UUID:", uuid_text(outcome.super->fsid));
    put_times(text, outcome);
    if (outcome.raw) {
        put_raw(text, report.counts());
        return;
    }
    put_line(text, "Total to scrub:", size_text(report.total_bytes));
    if (report.stopped) {
        const double total = static_cast<double>(std::max<u64>(report.total_bytes, 1));
        put_line(text, "Bytes scrubbed:",
                 fmt::format("{}  ({:.2f}%)", size_text(report.scrubbed_bytes),
                             static_cast<double>(report.scrubbed_bytes) * 100 / total));
    }
    put_line(text, "Rate:", rate_text(report.scrubbed_bytes, outcome.duration));
    put_error_summary(text, report.counts(), outcome.repairs);
    if (report.donated_bytes > 0) {
        put_line(text, "From donors:", size_text(report.donated_bytes));
    }
    if (outcome.resumed) {
        put_line(text, "Findings:", "those of this run; what was found before is only counted");
    }
}

void put_device(std::string& text, const ScrubOutcome& outcome, const scrub::DeviceReport& device) {
    const bool is_missing = device.name.empty();
    text += fmt::format("\nScrub device {} (id {}) {}\n", is_missing ? "<missing>" : printable(device.name),
                        device.devid, is_missing || outcome.report.stopped ? "canceled" : "done");
    if (is_missing) {
        text += "    no stats available\n";
        return;
    }
    put_times(text, outcome);
    if (outcome.raw) {
        put_raw(text, device.counts);
        return;
    }
    const auto& counts = device.counts;
    const u64 bytes = counts.data_bytes_scrubbed + counts.tree_bytes_scrubbed + counts.parity_bytes_scrubbed;
    put_line(text, "Bytes scrubbed:", size_text(bytes));
    put_line(text, "Rate:", rate_text(bytes, outcome.duration));
    put_error_summary(text, counts, outcome.repairs);
}

/// "DATA RAID1"
std::string chunk_kind(u64 type) {
    const auto* profile = btrfs::find_profile(type);
    TextBuffer kind;
    put_flags(kind, profile == nullptr ? type : type & ~btrfs::block_group_profile_mask, btrfs::block_group_flag_names);
    return fmt::format("{}{}{}", kind.view(), profile == nullptr ? "" : " ", profile == nullptr ? "" : profile->name);
}

std::string redundancy_text(const scrub::ReducedChunks& chunks) {
    if (!chunks.is_readable()) {
        return "not all of it can be read";
    }
    return chunks.lost == chunks.tolerated ? "no longer redundant"
                                           : fmt::format("may lose only {} more", chunks.tolerated - chunks.lost);
}

void put_reduced(std::string& text, const std::vector<scrub::ReducedChunks>& reduced) {
    for (const auto& chunks : reduced) {
        text += fmt::format("Missing devices: {}, {} ({} used), lacks {}: {}\n", chunk_kind(chunks.type),
                            size_text(chunks.length_bytes), size_text(chunks.used_bytes), plural(chunks.lost, "device"),
                            redundancy_text(chunks));
    }
}

/// "3 corrected, 2 correctable (--repair corrects them), 1 uncorrectable"
std::string tally(const ScrubOutcome& outcome) {
    std::string text;
    const auto add = [&text](u64 count, std::string_view what) {
        text += count == 0 ? "" : fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
    };
    const auto counts = outcome.report.counts();
    add(counts.corrected_errors, "corrected");
    add(counts.correctable_errors, outcome.report.write_failed ? "correctable (they could not be written)"
                                   : outcome.repairs ? "correctable (found before; a new --repair corrects them)"
                                                     : "correctable (--repair corrects them)");
    add(counts.uncorrectable_errors, "uncorrectable");
    add(counts.unverified_errors, "undecidable");
    add(outcome.other_errors(), "other");
    return text.empty() ? "not all of it can be read" : text;
}

void put_verdict(std::string& text, const ScrubOutcome& outcome) {
    const auto& report = outcome.report;
    switch (outcome.verdict()) {
    case ScrubVerdict::clean: text += "Verdict: clean"; break;
    case ScrubVerdict::corrected:
        text += fmt::format("Verdict: corrected: {}", plural(report.counts().corrected_errors, "error"));
        break;
    case ScrubVerdict::errors_left: text += fmt::format("Verdict: errors are left: {}", tally(outcome)); break;
    case ScrubVerdict::unknown: text += "Verdict: unknown"; break;
    }
    text += report.reduced.empty() ? "" : "; devices are missing";
    text += report.write_failed ? "; writing failed" : "";
    text += report.stopped ? "; stopped before the end" : "";
    text += "\n";
}

} // namespace

std::string scrub_text(const ScrubOutcome& outcome, Verbosity verbosity) {
    std::string text;
    const auto& report = outcome.report;
    const bool is_quiet = verbosity == Verbosity::quiet;
    if (!is_quiet) {
        text += fmt::format("Scrubbing {}: {}\n", images_text(outcome.images),
                            outcome.super == nullptr ? "no filesystem" : label_text(*outcome.super));
    }
    if (outcome.super != nullptr && !is_quiet) {
        put_total(text, outcome);
        for (const auto& device : report.devices) {
            if (outcome.per_device) {
                put_device(text, outcome, device);
            }
        }
        text += outcome.per_device ? "\n" : "";
    }
    put_findings(text, report.findings, verbosity);
    if (outcome.super == nullptr) {
        return text;
    }
    // What was not looked at for want of devices is not passed over in silence.
    put_reduced(text, report.reduced);
    if (!is_quiet || outcome.exit_status() != 0) {
        put_verdict(text, outcome);
    }
    return text;
}

} // namespace btrkit::apps

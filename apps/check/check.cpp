// SPDX-License-Identifier: MIT
#include "apps/check/check.h"

#include "apps/check/exit_status.h"
#include "apps/check/flags.h"
#include "apps/check/repair_run.h"
#include "apps/check/report.h"
#include "apps/common/colours.h"
#include "apps/common/document.h"
#include "apps/common/find_image.h"
#include "apps/common/missing_devices.h"
#include "apps/common/no_btrfs.h"
#include "apps/common/open_images.h"
#include "apps/common/stop_signals.h"
#include "apps/common/tell_devices.h"
#include "libfs/base/names.h"
#include "libfs/io/in_use.h"
#include "libfs/ops/check/subvol_extents/subvol_extents.h"

#include <random>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

class Run {
public:
    Run(const CheckFlags& flags, ProgressDisplay& progress, Messages& messages, Io& io)
        : flags_(flags), progress_(progress), messages_(messages), io_(io) {}

    int run() {
        places_ = find_images(flags_.images, messages_);
        names_ = names_of(places_);
        if (messages_.error_count() > 0 || (!flags_.force && is_in_use())) {
            return check_failed;
        }
        auto devices = open_images(places_, messages_);
        if (messages_.error_count() > 0 || is_no_btrfs(places_, messages_)) {
            return check_failed;
        }
        survey::Findings opening;
        const auto filesystem =
            Filesystem::open(std::move(devices), flags_.open, [&](const Problem& problem) { opening.add(problem); });
        if (!filesystem) {
            return tell_unopened(std::move(opening), filesystem.error());
        }
        tell_devices(*filesystem, messages_);
        return flags_.subvol_extents ? list_extents(*filesystem, *flags_.subvol_extents)
                                     : check(*filesystem, std::move(opening));
    }

private:
    /// What others write to meanwhile looks damaged without being so.
    bool is_in_use() {
        return std::ranges::any_of(places_, [this](const ImagePlace& place) {
            const auto why = why_in_use(place);
            if (why) {
                messages_.error(fmt::format("{}: {} (--force checks it all the same)", printable(place.path), *why));
            }
            return why.has_value();
        });
    }

    int tell_unopened(survey::Findings opening, const Error& error) {
        if (error.kind != ErrorKind::damaged) {
            messages_.error(error);
            return check_failed;
        }
        check::Report report{.findings = std::move(opening)};
        report.mountability = check::judge_unopened(flags_.check.kernel);
        const int status = print({.images = names_, .report = report});
        messages_.error(error);
        return status | check_damaged | check_failed;
    }

    RunContext context(const StopSignals& stop) const {
        return {.parallelism = flags_.parallelism,
                .progress = Progress(progress_),
                .stop = stop.token(),
                .memory_bytes = flags_.memory_bytes};
    }

    int check(const Filesystem& filesystem, survey::Findings opening) {
        const StopSignals stop;
        const auto report = check::run(filesystem, std::move(opening), flags_.check, context(stop));
        progress_.finish();
        const CheckOutcome outcome{.images = names_,
                                   .report = report,
                                   .super = &filesystem.super(),
                                   .missing_devids = missing_devids(filesystem)};
        return print(outcome) | (outcome.verdict() == Verdict::damaged ? check_damaged : check_clean) |
               (report.stopped ? check_cancelled : check_clean);
    }

    int list_extents(const Filesystem& filesystem, u64 subvolume) {
        const StopSignals stop;
        const auto extents = check::list_subvol_extents(filesystem, subvolume, flags_.check, context(stop));
        progress_.finish();
        if (!extents) {
            messages_.error(extents.error());
            return check_failed | (extents.error().kind == ErrorKind::cancelled ? check_cancelled : check_clean);
        }
        return print(flags_.format == OutputFormat::json ? extents_json(*extents) : extents_text(*extents));
    }

    int print(const CheckOutcome& outcome) { return print(text_of(outcome)); }
    int print(const std::string& text) {
        const auto written = io_.out.write(text);
        if (!written) {
            messages_.error(written.error());
        }
        return written ? check_clean : check_failed;
    }

    std::string text_of(const CheckOutcome& outcome) const {
        if (flags_.format == OutputFormat::json) {
            return json_text(check_json(outcome));
        }
        const std::string report = check_text(outcome, messages_.verbosity());
        const bool has_colours = io_.out_is_terminal && io_.has_colours;
        return (flags_.check.qgroups_only ? qgroup_text(outcome) : "") + (has_colours ? in_colours(report) : report);
    }

    const CheckFlags& flags_;
    ProgressDisplay& progress_;
    Messages& messages_;
    Io& io_;
    std::vector<ImagePlace> places_;
    std::vector<std::string> names_; ///< of the places
};

} // namespace

int run_check(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = "btrkit-check",
                      .operands = "IMAGE...",
                      .summary = "Check a btrfs filesystem: whether it is sound, what is wrong, and whose it is."});
    CheckFlags flags;
    if (const auto status = read_check_flags(line, arguments, io, flags)) {
        return *status;
    }
    if (flags.repairs || flags.plans_only) {
        return run_repair(line, io, flags);
    }
    flags.check.hash_seed = (u64{std::random_device()()} << 32) | std::random_device()();
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    return Run(flags, progress, messages, io).run();
}

} // namespace btrkit::apps

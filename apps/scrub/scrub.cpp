// SPDX-License-Identifier: MIT
#include "apps/scrub/scrub.h"

#include "apps/common/colours.h"
#include "apps/common/document.h"
#include "apps/common/find_image.h"
#include "apps/common/missing_devices.h"
#include "apps/common/no_btrfs.h"
#include "apps/common/stop_signals.h"
#include "apps/common/tell_devices.h"
#include "apps/scrub/exit_status.h"
#include "apps/scrub/flags.h"
#include "apps/scrub/images.h"
#include "apps/scrub/report.h"
#include "apps/scrub/state_file.h"
#include "apps/scrub/throttle.h"
#include "libfs/base/names.h"
#include "libfs/ops/scrub/donor/donor.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

std::string devid_text(const std::optional<u64>& devid) {
    return devid ? fmt::format("of device {} alone", *devid) : "of all devices";
}

class Run {
public:
    Run(const ScrubFlags& flags, ProgressDisplay& progress, Messages& messages, Io& io, const TimeSource& time)
        : flags_(flags), progress_(progress), messages_(messages), io_(io), time_(time), options_(flags.scrub),
          began_on_(time.date()), began_(time.now()) {
        if (flags.state) {
            state_file_.emplace(*flags.state);
            keeper_.emplace(*state_file_, time);
        }
    }

    int run() {
        if (const auto status = look_at_state()) {
            return *status;
        }
        const auto places = find_images(flags_.images, messages_);
        names_ = names_of(places);
        auto images = open_scrub_images(places, flags_.writes(), messages_);
        const auto donors = open_donors();
        if (messages_.error_count() > 0 || is_no_btrfs(places, messages_)) {
            return exit_failed;
        }
        survey::Findings opening;
        const auto filesystem = Filesystem::open(std::move(images.devices), {.volume = flags_.volume},
                                                 [&](const Problem& problem) { opening.add(problem); });
        if (!filesystem) {
            return tell_unopened(std::move(opening), filesystem.error());
        }
        tell_devices(*filesystem, messages_);
        if (const auto allowed = scrub::may_be_repaired(*filesystem); flags_.tries_repair() && !allowed) {
            messages_.error(allowed.error());
            return exit_failed;
        }
        return scrub(*filesystem, writable_members(*filesystem, images.writable), donors, std::move(opening));
    }

private:
    using Donors = std::vector<std::unique_ptr<scrub::Donor>>;

    /// What a state file says is where to go on; anything else that is in its place must not be overwritten.
    std::optional<int> look_at_state() {
        if (!state_file_) {
            return std::nullopt;
        }
        const auto saved = state_file_->read();
        if (!saved) {
            messages_.error(saved.error());
            return exit_failed;
        }
        if (const auto writable = state_file_->check_writable(); !writable) {
            messages_.error(writable.error());
            return exit_failed;
        }
        if (!flags_.resume) {
            return std::nullopt;
        }
        if (!*saved) {
            messages_.error(fmt::format("{}: is not there: nothing to resume", printable(state_file_->path())));
            return exit_failed;
        }
        if ((*saved)->state.devid != options_.devid) {
            messages_.error(fmt::format("{}: is of a scrub {}, this is one {}", printable(state_file_->path()),
                                        devid_text((*saved)->state.devid), devid_text(options_.devid)));
            return exit_failed;
        }
        options_.resume = (*saved)->state;
        ms_before_ = (*saved)->duration_ms;
        return std::nullopt;
    }

    Donors open_donors() {
        Donors donors;
        for (const auto& place : find_images(flags_.donors, messages_)) {
            if (auto donor = scrub::open_donor(place)) {
                donors.push_back(std::move(*donor));
            } else {
                messages_.error(donor.error());
            }
        }
        return donors;
    }

    int tell_unopened(survey::Findings opening, const Error& error) {
        if (error.kind == ErrorKind::damaged) {
            print(outcome_of({.findings = std::move(opening)}));
        }
        messages_.error(error);
        return exit_failed;
    }

    int scrub(const Filesystem& filesystem, const WritableDevices& writable, const Donors& donors,
              survey::Findings opening) {
        const StopSignals signals;
        const auto stop = signals.token();
        std::optional<Throttle> throttle;
        scrub::Hooks hooks;
        if (flags_.limit_bytes_per_second > 0) {
            throttle.emplace(flags_.limit_bytes_per_second, time_, stop);
            hooks.throttle = [&throttle](u64 bytes) { throttle->acquire(bytes); };
        }
        if (state_file_) {
            hooks.checkpoint = [this](const scrub::State& state) { remember_now_and_then(state); };
        }
        const auto report = scrub::run(filesystem, writable, donors, std::move(opening), options_,
                                       {.parallelism = flags_.parallelism,
                                        .progress = Progress(progress_),
                                        .stop = stop,
                                        .memory_bytes = flags_.memory_bytes},
                                       hooks);
        progress_.finish();
        if (!report) {
            tell_failure(report.error());
            return exit_failed;
        }
        settle_state(*report);
        const auto outcome = outcome_of(*report, &filesystem);
        print(outcome);
        if (report->write_failed) {
            messages_.error(report->write_error +
                            "; see to that and run --repair again: nothing good was written over");
        }
        return messages_.error_count() > 0 ? exit_failed : outcome.exit_status();
    }

    void tell_failure(const Error& error) {
        const bool is_the_state = error.kind == ErrorKind::usage && flags_.resume;
        messages_.error(is_the_state ? fmt::format("{}: {}", printable(state_file_->path()), error.message)
                                     : error.message);
    }

    /// Of this run, and those that it goes on with.
    u64 duration_ms() const {
        const auto run = std::chrono::duration_cast<std::chrono::milliseconds>(time_.now() - began_);
        return ms_before_ + static_cast<u64>(run.count());
    }

    SavedScrub saved(const scrub::State& state) const { return {.state = state, .duration_ms = duration_ms()}; }

    void remember_now_and_then(const scrub::State& state) {
        const auto written = keeper_->offer([&] { return saved(state); });
        if (!written && !has_warned_) {
            messages_.warning(written.error().message);
            has_warned_ = true;
        }
    }

    /// At the end: what was stopped is remembered, what is finished forgotten.
    void settle_state(const scrub::Report& report) {
        if (!report.stopped) {
            if (const auto removed = state_file_ ? state_file_->remove() : Result<void>{}; !removed) {
                messages_.error(removed.error());
            }
            return;
        }
        if (!state_file_ || !report.state) {
            messages_.error(state_file_ ? "stopped before anything was read"
                                        : "stopped; with --state FILE it could have been resumed");
            return;
        }
        const auto written = state_file_->write(saved(*report.state));
        messages_.error(written
                            ? fmt::format("stopped; goes on with --resume --state {}", printable(state_file_->path()))
                            : written.error().message);
    }

    ScrubOutcome outcome_of(const scrub::Report& report, const Filesystem* filesystem = nullptr) const {
        return {.images = names_,
                .report = report,
                .super = filesystem != nullptr ? &filesystem->super() : nullptr,
                .missing_devids = filesystem != nullptr ? missing_devids(*filesystem) : std::vector<u64>(),
                .started_seconds =
                    std::chrono::duration_cast<std::chrono::seconds>(began_on_.time_since_epoch()).count(),
                .duration = std::chrono::milliseconds(duration_ms()),
                .repairs = flags_.writes(),
                .resumed = flags_.resume,
                .per_device = flags_.per_device,
                .raw = flags_.raw};
    }

    std::string text_of(const ScrubOutcome& outcome) const {
        if (flags_.format == OutputFormat::json) {
            return json_text(scrub_json(outcome));
        }
        auto text = scrub_text(outcome, messages_.verbosity());
        return io_.out_is_terminal && io_.has_colours ? in_colours(text) : text;
    }

    void print(const ScrubOutcome& outcome) {
        if (const auto written = io_.out.write(text_of(outcome)); !written) {
            messages_.error(written.error());
        }
    }

    const ScrubFlags& flags_;
    ProgressDisplay& progress_;
    Messages& messages_;
    Io& io_;
    const TimeSource& time_;
    scrub::Options options_;
    std::vector<std::string> names_; ///< of the images
    std::optional<StateFile> state_file_;
    std::optional<StateKeeper> keeper_; ///< with the file
    std::chrono::system_clock::time_point began_on_;
    SteadyTime began_;
    u64 ms_before_ = 0; ///< that the runs before took
    bool has_warned_ = false;
};

} // namespace

int run_scrub(std::span<const std::string> arguments, Io& io) {
    return run_scrub(arguments, io, {});
}

int run_scrub(std::span<const std::string> arguments, Io& io, const TimeSource& time) {
    CommandLine line({.name = "btrkit-scrub",
                      .operands = "IMAGE...",
                      .summary = "Verify every copy of everything on a btrfs, and mend bad copies from good ones."});
    ScrubFlags flags;
    if (const auto status = read_scrub_flags(line, arguments, io, flags)) {
        return *status;
    }
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    return Run(flags, progress, messages, io, time).run();
}

} // namespace btrkit::apps

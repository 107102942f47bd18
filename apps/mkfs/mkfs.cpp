// SPDX-License-Identifier: MIT
#include "apps/mkfs/mkfs.h"

#include "apps/common/document.h"
#include "apps/common/exit_status.h"
#include "apps/common/fresh_values.h"
#include "apps/common/progress.h"
#include "apps/common/sizes.h"
#include "apps/common/source_date.h"
#include "apps/common/stop_signals.h"
#include "apps/common/version.h"
#include "apps/mkfs/report.h"
#include "apps/mkfs/source.h"
#include "libfs/base/names.h"

#include <archive.h>
#include <blkid.h>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// What this tool stands on beside what all do.
std::vector<std::string> libraries() {
    auto all = compression_libraries();
    all.insert(all.begin(),
               {fmt::format("libarchive {}", ARCHIVE_VERSION_ONLY_STRING), fmt::format("libblkid {}", BLKID_VERSION)});
    return all;
}

/// A plan knows no paths: what is too small gets its name here.
std::unexpected<Error> with_images(Error error, std::span<const Target> targets) {
    if (error.kind == ErrorKind::no_space) {
        std::string paths;
        for (const auto& target : targets) {
            paths += (paths.empty() ? "" : ", ") + printable(target.name());
        }
        error.message = fmt::format("{}: {}", paths, error.message);
    }
    return std::unexpected(std::move(error));
}

class Run {
public:
    Run(MkfsFlags& flags, ProgressDisplay& progress, Messages& messages, Io& io)
        : flags_(flags), progress_(progress), messages_(messages), io_(io) {}

    Result<void> run() {
        BTRKIT_TRY_ASSIGN(const auto epoch, source_date_epoch());
        flags_.requests.now = epoch ? mkfs::Time{.sec = *epoch} : current_time();
        if (flags_.requests.fsid.is_null()) {
            flags_.requests.fsid = flags_.seed ? mkfs::uuid_from_seed(*flags_.seed) : random_uuid();
        }
        BTRKIT_TRY_ASSIGN(const auto targets, find_targets(flags_));
        BTRKIT_TRY_ASSIGN(const auto source, read_source(flags_, flags_.requests.now, epoch));
        BTRKIT_TRY_ASSIGN(const auto sizes, sizes_of(flags_, targets));
        const auto plan = mkfs::plan(source,
                                     {.requests = flags_.requests,
                                      .sizing = sizes.sizing,
                                      .slack_bytes = sizes.slack_bytes,
                                      .device_sizes = sizes.sizes},
                                     {.parallelism = flags_.parallelism, .progress = Progress(progress_)});
        if (!plan) {
            return with_images(plan.error(), targets);
        }
        for (const auto& warning : plan->warnings) {
            messages_.warning(warning);
        }
        tell_chunks(*plan);
        return flags_.dry_run ? print({.plan = *plan, .targets = targets}) : write(*plan, targets);
    }

private:
    /// Where the space comes from, chunk by chunk.
    void tell_chunks(const mkfs::Plan& plan) {
        for (const auto* chunks : {&plan.layout.system, &plan.layout.metadata, &plan.layout.data}) {
            for (const auto& chunk : *chunks) {
                TextBuffer type;
                put_flags(type, chunk.type, btrfs::block_group_flag_names);
                std::string places;
                for (const auto& stripe : chunk.stripes) {
                    places += fmt::format("{}device {} at {}", places.empty() ? "" : ", ", stripe.devid, stripe.offset);
                }
                messages_.detail(fmt::format("chunk {} at {}, {}: {}", type.view(), chunk.start.bytenr,
                                             size_text(chunk.length), places));
            }
        }
    }

    Result<void> write(const mkfs::Plan& plan, std::span<const Target> targets) {
        // Until here nothing was made that would have to be removed: a signal just ended us, whatever we waited for.
        const StopSignals stop;
        BTRKIT_TRY_ASSIGN(auto open, OpenTargets::open(flags_, targets, plan.layout));
        const auto report =
            mkfs::write(plan, open.devices(),
                        {.share_blocks = flags_.reflink, .discard = !flags_.nodiscard, .wipe_end = !flags_.byte_count},
                        {.parallelism = flags_.parallelism, .progress = Progress(progress_), .stop = stop.token()});
        progress_.finish();
        if (!report) {
            return std::unexpected(report.error());
        }
        open.keep();
        return print({.plan = plan, .targets = targets, .report = &*report});
    }

    Result<void> print(const MkfsOutcome& outcome) {
        if (flags_.format == OutputFormat::json) {
            return io_.out.write(json_text(mkfs_json(outcome)));
        }
        const bool silent = messages_.verbosity() == Verbosity::quiet && outcome.report != nullptr;
        return silent ? Result<void>{} : io_.out.write(mkfs_text(outcome));
    }

    MkfsFlags& flags_;
    ProgressDisplay& progress_;
    Messages& messages_;
    Io& io_;
};

} // namespace

int run_mkfs(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = "btrkit-mkfs",
                      .operands = "IMAGE...",
                      .summary = "Make a btrfs filesystem, empty or filled from a directory or a tar archive.",
                      .libraries = libraries()});
    MkfsFlags flags;
    if (const auto status = read_mkfs_flags(line, arguments, io, flags)) {
        return *status;
    }
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    if (const auto done = Run(flags, progress, messages, io).run(); !done) {
        messages.error(done.error());
        return done.error().kind == ErrorKind::usage ? exit_usage : exit_failed;
    }
    return messages.exit_status();
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/extract/extract.h"

#include "apps/common/ask_image.h"
#include "apps/common/command_line.h"
#include "apps/common/exit_status.h"
#include "apps/common/open_filesystem.h"
#include "apps/common/output_file.h"
#include "apps/common/roots_flags.h"
#include "apps/common/stop_signals.h"
#include "apps/extract/received_streams.h"
#include "apps/extract/report.h"
#include "apps/extracting/troubles.h"
#include "libfs/base/names.h"
#include "libfs/ops/extract/extract.h"
#include "libfs/ops/extract/host_target.h"
#include "libfs/ops/extract/tar_target.h"
#include "libfs/ops/replayed/replayed_view.h"
#include "libfs/ops/source/ownership_text.h"

#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct Flags {
    std::vector<std::string> images;
    std::vector<std::string> streams; ///< not empty: instead of images
    std::string folder;
    std::string archive; ///< "-": standard output
    RootsFlags roots;
    bool with_log = false;
    extract::Options extract;
    extract::HostOptions host;
    bool no_owners = false;
    source::OwnershipTexts ownership;
    OutputFormat format = OutputFormat::text;
    unsigned threads = 1;
};

void add_flags(CommandLine& line, Flags& flags) {
    auto& app = line.app();
    line.add_one_image(flags.images);
    app.get_option("IMAGE")->required(false);
    app.add_option("PATH", flags.extract.paths, "what to take out; everything without");
    app.add_option("--to", flags.folder, "the folder that it goes into; made if it is not there")->option_text("DIR");
    app.add_option("--to-tar", flags.archive, "a tar archive that it goes into; - is standard output")
        ->option_text("FILE");
    add_bad_option(app, flags.extract.bad);
    app.add_flag("--snapshots", flags.extract.takes_snapshots, "snapshots too");
    app.add_flag("-o,--overwrite", flags.host.overwrite, "replace files of the host that are different");
    line.add_size("--limit", flags.extract.most_bytes, "write no more than that (default: 16 times the devices)");
    line.begin_group("Whose it is");
    app.add_flag("--no-owner", flags.no_owners, "all of it is the caller's, though root could give it away");
    app.add_option("--owner", flags.ownership.owner, "who owns all of it")->option_text("USER:GROUP");
    app.add_flag("--all-root", flags.ownership.all_root, "root owns all of it");
    app.add_option("--uid-map", flags.ownership.uid_map, "change user ids; ranges parted by commas")
        ->option_text("FROM:TO:COUNT");
    app.add_option("--gid-map", flags.ownership.gid_map, "change group ids likewise")->option_text("FROM:TO:COUNT");
    line.begin_group("From where");
    app.add_option("--stream", flags.streams, "send streams instead of IMAGE: several FILEs, in any order")
        ->option_text("FILE")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_flag("--log", flags.with_log, "with what the log has, where one waits to be replayed");
    add_roots_flags(line, flags.roots);
    line.begin_group("Others");
    line.add_format(flags.format);
    line.add_threads(flags.threads);
    line.add_progress();
}

Result<extract::Report> to_folder(const Filesystem& filesystem, const Flags& flags, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto target, extract::HostTarget::open(flags.folder, flags.host));
    BTRKIT_TRY_ASSIGN(auto report, extract::run(filesystem, *target, flags.extract, context));
    report.not_set_count = target->not_set().count();
    report.shared_bytes = target->shared_bytes();
    report.first_not_set = target->not_set().first();
    return report;
}

Result<extract::Report> to_archive(const Filesystem& filesystem, const Flags& flags, const RunContext& context,
                                   OutputSink& out) {
    return write_output(flags.archive, flags.host.overwrite, out, [&](OutputSink& sink) -> Result<extract::Report> {
        BTRKIT_TRY_ASSIGN(const auto target, extract::open_tar_target(sink));
        return extract::run(filesystem, *target, flags.extract, context);
    });
}

/// Empty: all is well.
std::string_view what_is_wrong(const Flags& flags, const Io& io) {
    if (flags.folder.empty() == flags.archive.empty()) {
        return "either --to or --to-tar is needed";
    }
    if (flags.images.empty() && flags.streams.empty()) {
        return "IMAGE is required, or --stream";
    }
    if (flags.with_log && !flags.streams.empty()) {
        return "--stream excludes --log";
    }
    if (std::ranges::find(flags.streams, "-") != flags.streams.end()) {
        return "--stream: streams are read twice, and so not from standard input";
    }
    if (flags.archive == "-" && flags.format == OutputFormat::json) {
        return "--format json: standard output has the archive (use --to-tar FILE)";
    }
    if (flags.archive == "-" && io.out_is_terminal) {
        return "standard output is a terminal: archives are not for eyes (use --to-tar FILE or a pipe)";
    }
    return {};
}

class ExtractRun {
public:
    ExtractRun(const CommandLine& line, Flags& flags, Io& io)
        : flags_(flags), io_(io), progress_(line.tool_name(), io, line.progress_style(io)),
          messages_(line.tool_name(), progress_.err(), line.message_style(io)) {}

    int run() {
        if (const auto failed = flags_.streams.empty() ? of_image() : of_streams()) {
            return was_stopped_ ? exit_cancelled : *failed;
        }
        if (const auto written = io_.out.write(text_); !written) {
            messages_.error(written.error());
        }
        return messages_.exit_status();
    }

private:
    RunContext context() { return {.parallelism = {.threads = flags_.threads}, .progress = Progress(progress_)}; }

    std::optional<int> of_image() {
        const ImageToAsk image{.paths = flags_.images,
                               .open = flags_.roots.chosen(),
                               .when_in_use = "nothing is taken out of it while in use (cp can)",
                               .context = context()};
        return ask_image(image, messages_, [&](const Filesystem& filesystem, const RunContext& context) {
            return flags_.with_log && filesystem.log_root_tree() ? take_out_with_log(filesystem, context)
                                                                 : take_out(filesystem, context);
        });
    }

    Result<void> take_out_with_log(const Filesystem& filesystem, const RunContext& context) {
        const auto view = ReplayedView::open(filesystem, {}, context);
        return view ? take_out(view->filesystem(), context)
                    : fail(view.error().kind, view.error().message + "; all but what the log has comes without --log");
    }

    std::optional<int> of_streams() {
        // Once to see how large a filesystem they need, and whether they are sound; once for what they say.
        const auto first = open_inputs(flags_.streams, messages_);
        const auto inputs = first ? open_inputs(flags_.streams, messages_) : std::unexpected(first.error());
        if (!inputs) {
            return inputs.error();
        }
        // Without IMAGE, the first operand is a PATH as all others are.
        flags_.extract.paths.insert(flags_.extract.paths.begin(), flags_.images.begin(), flags_.images.end());
        const StopSignals signals;
        Damages damages(messages_);
        RunContext context = this->context();
        context.stop = signals.token();
        context.problems = damages.sink();
        const auto done = take_out_of_streams(*first, *inputs, context);
        damages.finish();
        if (!done) {
            was_stopped_ = done.error().kind == ErrorKind::cancelled;
            messages_.error(done.error());
            return exit_failed;
        }
        return std::nullopt;
    }

    Result<void> take_out_of_streams(std::span<const StreamInput> first, std::span<const StreamInput> inputs,
                                     const RunContext& context) {
        BTRKIT_TRY_ASSIGN(const u64 size_bytes, size_for_streams(first, context));
        const auto folder = std::filesystem::temp_directory_path().string();
        BTRKIT_TRY_ASSIGN(const auto received, ReceivedStreams::receive(inputs, size_bytes, folder, context));
        if (flags_.extract.paths.empty() && !flags_.extract.takes_snapshots) {
            flags_.extract.paths = received.ends();
        }
        return take_out(received.filesystem(), context);
    }

    Result<void> take_out(const Filesystem& filesystem, const RunContext& context) {
        auto report = flags_.archive.empty() ? to_folder(filesystem, flags_, context)
                                             : to_archive(filesystem, flags_, context, io_.out);
        progress_.finish();
        if (!report) {
            was_stopped_ = report.error().kind == ErrorKind::cancelled;
            return std::unexpected(report.error());
        }
        tell_troubles(*report, flags_.extract.bad,
                      flags_.streams.empty() ? flags_.images.front() : flags_.streams.front(), messages_);
        const bool is_silent = messages_.verbosity() == Verbosity::quiet || flags_.archive == "-";
        text_ = flags_.format == OutputFormat::json
                    ? extract_json(flags_.streams.empty() ? flags_.images : flags_.streams,
                                   flags_.streams.empty() ? &filesystem : nullptr,
                                   flags_.archive.empty() ? flags_.folder : flags_.archive, *report)
                : is_silent ? std::string()
                            : extract_text(*report);
        return {};
    }

    Flags& flags_;
    Io& io_;
    ProgressDisplay progress_;
    Messages messages_;
    bool was_stopped_ = false;
    std::string text_;
};

} // namespace

int run_extract(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = extract_tool,
                      .operands = "IMAGE [PATH...] (--to DIR | --to-tar FILE)",
                      .summary = "Take files out of an image, every byte proven, past whatever is damaged."});
    Flags flags;
    add_flags(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (const auto wrong = what_is_wrong(flags, io); !wrong.empty()) {
        return line.wrong_usage(io, wrong);
    }
    auto ownership = source::parse_ownership(flags.ownership);
    if (!ownership) {
        return line.wrong_usage(io, ownership.error().message);
    }
    flags.extract.ownership = *std::move(ownership);
    flags.host.with_owners = !flags.no_owners;
    return ExtractRun(line, flags, io).run();
}

} // namespace btrkit::apps

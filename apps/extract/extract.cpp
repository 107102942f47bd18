// SPDX-License-Identifier: MIT
#include "apps/extract/extract.h"

#include "apps/common/ask_image.h"
#include "apps/common/command_line.h"
#include "apps/common/exit_status.h"
#include "apps/common/output_file.h"
#include "apps/common/roots_flags.h"
#include "apps/extract/report.h"
#include "libfs/base/names.h"
#include "libfs/ops/extract/extract.h"
#include "libfs/ops/extract/host_target.h"
#include "libfs/ops/extract/tar_target.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct Flags {
    std::vector<std::string> images;
    std::string folder;
    std::string archive; ///< "-": standard output
    RootsFlags roots;
    extract::Options extract;
    extract::HostOptions host;
    bool no_owners = false;
    OutputFormat format = OutputFormat::text;
    unsigned threads = 1;
};

void add_flags(CommandLine& line, Flags& flags) {
    using extract::Bad;
    auto& app = line.app();
    line.add_one_image(flags.images);
    app.add_option("PATH", flags.extract.paths, "what to take out; everything without");
    app.add_option("--to", flags.folder, "the folder that it goes into; made if it is not there")->option_text("DIR");
    app.add_option("--to-tar", flags.archive, "a tar archive that it goes into; - is standard output")
        ->option_text("FILE");
    app.add_option("--bad", flags.extract.bad, "files with bad bytes: skip (default), zero those, or raw: as they are")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, Bad>{{"skip", Bad::skip}, {"zero", Bad::zero}, {"raw", Bad::raw}}))
        ->option_text("HOW");
    app.add_flag("--snapshots", flags.extract.takes_snapshots, "snapshots too");
    app.add_flag("-o,--overwrite", flags.host.overwrite, "replace files of the host that are different");
    app.add_flag("--no-owner", flags.no_owners, "all of it is the caller's, though root could give it away");
    line.add_size("--limit", flags.extract.most_bytes, "write no more than that (default: 16 times the devices)");
    line.begin_group("From where");
    add_roots_flags(line, flags.roots);
    line.begin_group("Others");
    line.add_format(flags.format);
    line.add_threads(flags.threads);
    line.add_progress();
}

void tell_troubles(const Flags& flags, const extract::Report& report, Messages& messages) {
    constexpr std::size_t most_told = 200;
    for (const auto& trouble : std::span(report.troubles).first(std::min(most_told, report.troubles.size()))) {
        messages.error(trouble_text(trouble, flags.extract.bad));
    }
    if (report.trouble_count > most_told) {
        messages.error(fmt::format("{}: {} more (--format json lists the first {})", printable(flags.images.front()),
                                   report.trouble_count - most_told, extract::Report::most_troubles));
    }
}

Result<extract::Report> to_folder(const Filesystem& filesystem, const Flags& flags, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto target, extract::HostTarget::open(flags.folder, flags.host));
    BTRKIT_TRY_ASSIGN(auto report, extract::run(filesystem, *target, flags.extract, context));
    report.not_set_count = target->not_set().count();
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
    if (flags.archive == "-" && flags.format == OutputFormat::json) {
        return "--format json: standard output has the archive (use --to-tar FILE)";
    }
    if (flags.archive == "-" && io.out_is_terminal) {
        return "standard output is a terminal: archives are not for eyes (use --to-tar FILE or a pipe)";
    }
    return {};
}

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
    flags.host.with_owners = !flags.no_owners;
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    const ImageToAsk image{.paths = flags.images,
                           .open = flags.roots.chosen(),
                           .when_in_use = "nothing is taken out of it while in use (cp can)",
                           .context = {.parallelism = {.threads = flags.threads}, .progress = Progress(progress)}};
    bool was_stopped = false;
    std::string text;
    const auto failed =
        ask_image(image, messages, [&](const Filesystem& filesystem, const RunContext& context) -> Result<void> {
            auto report = flags.archive.empty() ? to_folder(filesystem, flags, context)
                                                : to_archive(filesystem, flags, context, io.out);
            progress.finish();
            if (!report) {
                was_stopped = report.error().kind == ErrorKind::cancelled;
                return std::unexpected(report.error());
            }
            tell_troubles(flags, *report, messages);
            const bool is_json = flags.format == OutputFormat::json;
            text = is_json ? extract_json(flags.images, filesystem,
                                          flags.archive.empty() ? flags.folder : flags.archive, *report)
                   : messages.verbosity() == Verbosity::quiet || flags.archive == "-" ? std::string()
                                                                                      : extract_text(*report);
            return {};
        });
    if (failed) {
        return was_stopped ? exit_cancelled : *failed;
    }
    if (const auto written = io.out.write(text); !written) {
        messages.error(written.error());
    }
    return messages.exit_status();
}

} // namespace btrkit::apps

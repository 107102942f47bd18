// SPDX-License-Identifier: MIT
#include "apps/dump_image/dump_image.h"

#include "apps/common/ask_image.h"
#include "apps/common/exit_status.h"
#include "apps/common/output_file.h"
#include "apps/dump_image/report.h"
#include "apps/dump_image/restore_run.h"
#include "libfs/base/names.h"
#include "libfs/ops/dump_image/dump_image.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// What could not be read is an error, for the dump has not all; what is damaged is what it is made for.
void tell_bad_copies(const dump_image::Report& report, const std::string& image, Messages& messages) {
    constexpr std::size_t most_told = 20;
    for (const auto& copy : std::span(report.bad_copies).first(std::min(most_told, report.bad_copies.size()))) {
        const auto text = fmt::format("{}: {}", printable(image), bad_copy_text(copy));
        copy.what == dump_image::BadCopy::What::unreadable ? messages.error(text) : messages.note(text);
    }
    if (report.bad_copy_count > most_told) {
        messages.note(fmt::format("{}: {} more copies are not as they should be (--format json lists the first {})",
                                  printable(image), report.bad_copy_count - most_told,
                                  dump_image::Report::most_bad_copies));
    }
}

Result<dump_image::Report> write_dump(const Filesystem& filesystem, const DumpImageFlags& flags,
                                      const RunContext& context, OutputSink& out) {
    const dump_image::Options options{.privacy = flags.privacy};
    return write_output(flags.dump, flags.overwrite, out,
                        [&](OutputSink& sink) { return dump_image::run(filesystem, sink, options, context); });
}

int run_dump(const CommandLine& line, const DumpImageFlags& flags, Io& io) {
    ProgressDisplay progress(line.tool_name(), io, line.progress_style(io));
    Messages messages(line.tool_name(), progress.err(), line.message_style(io));
    const ImageToAsk image{.paths = flags.images,
                           .open = flags.roots.chosen(),
                           .when_in_use = "no dump is made of it while in use",
                           .context = {.parallelism = {.threads = flags.threads}, .progress = Progress(progress)}};
    bool was_stopped = false;
    std::string text;
    const auto failed =
        ask_image(image, messages, [&](const Filesystem& filesystem, const RunContext& context) -> Result<void> {
            const auto report = write_dump(filesystem, flags, context, io.out);
            progress.finish();
            if (!report) {
                was_stopped = report.error().kind == ErrorKind::cancelled;
                return std::unexpected(report.error());
            }
            tell_bad_copies(*report, flags.images.front(), messages);
            const bool is_silent = flags.dump == "-" || messages.verbosity() == Verbosity::quiet;
            text = flags.format == OutputFormat::json ? dump_json(flags, filesystem, *report)
                   : is_silent                        ? std::string()
                                                      : dump_text(flags, *report);
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

} // namespace

int run_dump_image(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = dump_image_tool,
                      .operands = "IMAGE... (--to FILE | --restore DUMP)",
                      .summary = "Put the metadata of a btrfs into a small file for bug reports, and back.",
                      .libraries = {}});
    DumpImageFlags flags;
    if (const auto status = read_flags(line, arguments, io, flags)) {
        return *status;
    }
    return flags.is_restore ? run_restore(line, flags, io) : run_dump(line, flags, io);
}

} // namespace btrkit::apps

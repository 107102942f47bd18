// SPDX-License-Identifier: MIT
#include "apps/stat/stat.h"

#include "apps/common/document.h"
#include "apps/reading/file_text.h"
#include "apps/reading/reading_flags.h"
#include "apps/stat/stat_report.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::apps {

namespace {

/// Fails where the output does, or the user stopped it; all else is told.
Result<void> tell(const ReadingFlags& flags, const stat::Options& options, const std::string& path,
                  const Filesystem& filesystem, const RunContext& context, Io& io, ReadingErrors& errors) {
    const auto start = find_start(filesystem, flags, path);
    if (!start) {
        errors.tell({}, start.error().message);
        return {};
    }
    const auto report = stat::run(filesystem, start->place, options, context);
    if (!report) {
        if (report.error().kind == ErrorKind::cancelled) {
            return std::unexpected(report.error());
        }
        errors.tell(start->text(), report.error().message);
        return {};
    }
    StatShown shown{.path = start->text(), .place = start->place, .was_verified = options.verify};
    if (S_ISLNK(report->inode.mode)) {
        FileReader reader(filesystem, context.problems);
        auto target = read_symlink(reader, start->place, report->inode);
        if (target) {
            shown.target = target->substr(0, target->find('\0'));
        } else {
            errors.tell(start->text(), target.error().message);
        }
    }
    for (const auto& error : report->errors) {
        errors.tell(start->text(), error.message);
    }
    for (const auto& bad : report->bad) {
        errors.tell(start->text(), fmt::format("bytes {} to {} are bad: {}", bad.begin, bad.end - 1, bad.why));
    }
    return io.out.write(flags.format == OutputFormat::json ? stat_json(shown, *report) : stat_text(shown, *report));
}

} // namespace

int run_stat(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = stat_tool,
                      .operands = "IMAGE [PATH...]",
                      .summary = "Tell all that a btrfs knows of files, directories and other inodes."});
    ReadingFlags flags;
    stat::Options options;
    add_reading_operands(line, flags);
    line.app().add_flag("--verify", options.verify, "read the files, and tell whether all of them is proven");
    line.add_format(flags.format);
    add_reading_source(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (flags.paths.empty()) {
        flags.paths.emplace_back("/");
    }
    return ask_reading(
        line, io, flags,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<void> {
            if (flags.format == OutputFormat::json) {
                BTRKIT_TRY(io.out.write(json_line(begin_document({.tool = stat_tool, .name = "stat"}))));
            }
            ReadingErrors errors(flags, messages);
            for (const auto& path : flags.paths) {
                BTRKIT_TRY(tell(flags, options, path, filesystem, context, io, errors));
            }
            return {};
        });
}

} // namespace btrkit::apps

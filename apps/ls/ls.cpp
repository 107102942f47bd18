// SPDX-License-Identifier: MIT
#include "apps/ls/ls.h"

#include "apps/common/document.h"
#include "apps/ls/listing.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

namespace {

Result<void> list_all(const LsFlags& flags, const Filesystem& filesystem, const StopToken& stop, Io& io,
                      ReadingErrors& errors) {
    std::vector<Start> files;
    std::vector<Start> directories;
    for (const auto& path : flags.reading.paths) {
        auto start = find_start(filesystem, flags.reading, path);
        if (!start) {
            errors.tell({}, start.error().message);
            continue;
        }
        const auto inode = read_inode(filesystem, start->place);
        const bool is_file =
            flags.directory_itself || (inode && file_type_of(inode->mode) != btrfs::FileType::directory);
        (is_file ? files : directories).push_back(std::move(*start));
    }
    Listing listing(flags, io.out, errors);
    for (const auto* starts : {&files, &directories}) {
        for (const auto& start : *starts) {
            if (!listing.list(filesystem, start, flags.reading.paths.size() > 1, stop)) {
                BTRKIT_TRY(listing.finish());
                return fail(ErrorKind::cancelled, "stopped");
            }
        }
    }
    return listing.finish();
}

} // namespace

int run_ls(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = ls_tool,
                      .operands = "IMAGE [PATH...]",
                      .summary = "List directories of a btrfs, without mounting it.",
                      .has_short_help = false});
    LsFlags flags;
    declare_ls_flags(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (flags.reading.paths.empty()) {
        flags.reading.paths.emplace_back("/");
    }
    return ask_reading(
        line, io, flags.reading,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<void> {
            if (flags.reading.format == OutputFormat::json) {
                BTRKIT_TRY(io.out.write(json_line(begin_document({.tool = ls_tool, .name = "ls"}))));
            }
            ReadingErrors errors(flags.reading, messages);
            return list_all(flags, filesystem, context.stop, io, errors);
        });
}

} // namespace btrkit::apps

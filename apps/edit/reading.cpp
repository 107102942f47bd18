// SPDX-License-Identifier: MIT
#include "apps/edit/reading.h"

#include "apps/common/ask_image.h"
#include "apps/common/command_line.h"
#include "apps/common/sizes.h"
#include "apps/edit/attribute_text.h"
#include "apps/edit/edit.h"
#include "libfs/base/names.h"
#include "libfs/ops/edit_files/get.h"

#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct ReadFlags {
    std::vector<std::string> images;
    std::vector<std::string> operands;
};

/// Opens the image, asks, and says what went wrong.
int read_from_image(const CommandLine& line, const ReadFlags& flags, Io& io,
                    const std::function<Result<void>(const Filesystem&, const RunContext&, Messages&)>& read) {
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    const ImageToAsk image{.paths = flags.images, .when_in_use = "it is not read while in use"};
    const auto failed = ask_image(image, messages, [&](const Filesystem& filesystem, const RunContext& context) {
        return read(filesystem, context, messages);
    });
    return failed.value_or(messages.exit_status());
}

} // namespace

int run_edit_get(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = edit_tool,
                      .operands = "IMAGE PATH HOST",
                      .summary = "Take a file or folder out of the image; - as HOST prints a file.",
                      .verb = "get"});
    ReadFlags flags;
    line.add_one_image(flags.images);
    line.app().add_option("PATH", flags.operands);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (flags.operands.size() != 2) {
        return line.wrong_usage(
            io, fmt::format("{}, but it takes PATH and HOST", plural(flags.operands.size(), "operand")));
    }
    const auto& path = flags.operands.front();
    const auto& host = flags.operands.back();
    return read_from_image(
        line, flags, io,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& messages) -> Result<void> {
            if (host == "-") {
                return edit_files::get_contents(filesystem, path, io.out, context);
            }
            BTRKIT_TRY_ASSIGN(const auto report, edit_files::get(filesystem, path, host, context));
            if (report.special_count > 0) {
                messages.warning(fmt::format("{}: devices, fifos and sockets were left out, {} of them",
                                             printable(path), report.special_count));
            }
            return {};
        });
}

int run_edit_lsattr(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = edit_tool,
                      .operands = "IMAGE PATH...",
                      .summary = "Show the flags of files, as lsattr does.",
                      .verb = "lsattr"});
    ReadFlags flags;
    line.add_one_image(flags.images);
    line.app().add_option("PATH", flags.operands)->required();
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    return read_from_image(
        line, flags, io, [&](const Filesystem& filesystem, const RunContext&, Messages&) -> Result<void> {
            for (const auto& path : flags.operands) {
                BTRKIT_TRY_ASSIGN(const auto place, find_path(filesystem, path));
                BTRKIT_TRY_ASSIGN(const auto inode, read_inode(filesystem, place));
                BTRKIT_TRY(io.out.write(fmt::format("{} {}\n", flags_text(inode.flags), printable(path))));
            }
            return {};
        });
}

} // namespace btrkit::apps

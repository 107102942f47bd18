// SPDX-License-Identifier: MIT
#include "apps/edit/reading.h"

#include "apps/common/ask_image.h"
#include "apps/common/command_line.h"
#include "apps/common/sizes.h"
#include "apps/edit/attribute_text.h"
#include "apps/edit/edit.h"
#include "apps/extracting/troubles.h"
#include "libfs/base/names.h"
#include "libfs/ops/edit_files/get.h"
#include "libfs/ops/extract/extract.h"
#include "libfs/ops/extract/host_target.h"

#include <filesystem>
#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct ReadFlags {
    std::vector<std::string> images;
    std::vector<std::string> operands;
    unsigned threads = 1;
};

/// Opens the image, asks, and says what went wrong.
int read_from_image(const CommandLine& line, const ReadFlags& flags, Io& io,
                    const std::function<Result<void>(const Filesystem&, const RunContext&, Messages&)>& read) {
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    const ImageToAsk image{.paths = flags.images,
                           .when_in_use = "it is not read while in use",
                           .context = {.parallelism = {.threads = flags.threads}}};
    const auto failed = ask_image(image, messages, [&](const Filesystem& filesystem, const RunContext& context) {
        return read(filesystem, context, messages);
    });
    return failed.value_or(messages.exit_status());
}

/// `host` becomes what path names; nothing may be there.
Result<void> take_out(const Filesystem& filesystem, const std::string& path, const std::filesystem::path& host,
                      extract::Bad bad, const RunContext& context, Messages& messages) {
    const auto place = host.has_filename() ? host : host.parent_path(); // "folder/" is the folder
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(place, ignored))) {
        return fail(ErrorKind::refused,
                    fmt::format("{}: is there already; nothing was taken out", printable(place.string())));
    }
    const auto folder = place.has_parent_path() ? place.parent_path() : std::filesystem::path(".");
    if (!std::filesystem::is_directory(folder, ignored)) {
        return fail(ErrorKind::not_found, fmt::format("{}: is no folder that {} could be made in",
                                                      printable(folder.string()), printable(place.string())));
    }
    BTRKIT_TRY_ASSIGN(const auto target, extract::HostTarget::open(folder.string(), {}));
    const extract::Options options{.paths = {path}, .as = place.filename().string(), .bad = bad};
    BTRKIT_TRY_ASSIGN(const auto report, extract::run(filesystem, *target, options, context));
    tell_troubles(report, bad, path, messages);
    if (target->not_set().count() > 0) {
        messages.warning(fmt::format("{}: {} that this folder does not take ({})", printable(folder.string()),
                                     plural(target->not_set().count(), "attribute"),
                                     printable(target->not_set().first())));
    }
    return {};
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
    auto bad = extract::Bad::skip;
    add_bad_option(line.app(), bad);
    line.add_threads(flags.threads);
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
            return take_out(filesystem, path, host, bad, context, messages);
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

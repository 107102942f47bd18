// SPDX-License-Identifier: MIT
#include "apps/info/info.h"

#include "apps/common/command_line.h"
#include "apps/common/exit_status.h"
#include "apps/common/find_image.h"
#include "apps/common/open_filesystem.h"
#include "apps/common/roots_flags.h"
#include "apps/common/shell_word.h"
#include "apps/common/stop_signals.h"
#include "apps/info/info_report.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct InfoFlags {
    std::vector<std::string> images;
    RootsFlags roots;
    OutputFormat format = OutputFormat::text;
};

Result<Glance> look(const Filesystem& filesystem, const InfoFlags& flags, survey::Findings opening) {
    const StopSignals signals;
    return glance_at(filesystem, flags.images, std::move(opening), {.stop = signals.token()});
}

int tell(const InfoFlags& flags, Io& io, Messages& messages) {
    const auto places = find_images(flags.images, messages);
    if (messages.error_count() > 0) {
        return exit_failed;
    }
    survey::Findings opening;
    const auto filesystem = open_filesystem(
        places, flags.roots.chosen(), "it is not read while in use (`btrfs filesystem show` tells of it)",
        [&opening](const Problem& problem) { opening.add(problem); }, messages);
    if (!filesystem) {
        if (opening.any(ProblemCode::super_magic) || opening.any(ProblemCode::super_checksum)) {
            messages.note(fmt::format("btrkit-dump-super -fa {} shows what is left of the superblocks",
                                      shell_word(flags.images.front())));
        }
        return exit_failed;
    }
    const auto glance = look(*filesystem, flags, std::move(opening));
    if (!glance) {
        messages.error(fmt::format("{}: {}", printable(flags.images.front()), glance.error().message));
        return glance.error().kind == ErrorKind::cancelled ? exit_cancelled : exit_failed;
    }
    const auto written = io.out.write(flags.format == OutputFormat::json ? info_json(*glance)
                                                                         : info_text(*glance, messages.verbosity()));
    if (!written) {
        messages.error(written.error());
    }
    return glance->has_errors() || !glance->is_complete() ? exit_failed : messages.exit_status();
}

} // namespace

int run_info(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = info_tool,
                      .operands = "IMAGE...",
                      .summary = "Tell what a btrfs is, what is wrong with it at a glance, and what to do next."});
    InfoFlags flags;
    line.add_images(flags.images);
    line.begin_group("From where");
    add_roots_flags(line, flags.roots);
    line.begin_group("Others");
    line.add_format(flags.format);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    return tell(flags, io, messages);
}

} // namespace btrkit::apps

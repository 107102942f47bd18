// SPDX-License-Identifier: MIT
#include "apps/common/command_line.h"
#include "apps/common/exit_status.h"
#include "apps/common/stop_signals.h"
#include "apps/stream/stream_input.h"
#include "apps/stream/verbs.h"
#include "libfs/base/names.h"
#include "libfs/stream/stream_dump.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

int run_stream_dump(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = stream_tool,
                      .operands = "[FILE]",
                      .summary = "Print a send stream, a line a command, as `btrfs receive --dump` does.",
                      .verb = "dump"});
    std::string option;
    std::string operand;
    line.app().add_option("FILE", operand);
    line.app().add_option("-f", option, "the same as the operand; without either, standard input")->option_text("FILE");
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    if (!option.empty() && !operand.empty()) {
        return line.wrong_usage(io, "one stream at a time: FILE or -f FILE");
    }
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    const auto& path = option.empty() ? operand : option;
    const auto input = StreamInput::open(path.empty() ? "-" : path);
    if (!input && input.error().kind == ErrorKind::usage) {
        return line.wrong_usage(io, input.error().message);
    }
    if (!input) {
        messages.error(input.error());
        return exit_failed;
    }
    const StopSignals signals;
    if (const auto done = dump_streams(input->source(signals.token()), io.out); !done) {
        // What the host fails with has its own file.
        const bool is_host = done.error().kind == ErrorKind::io;
        messages.error(is_host ? done.error().message
                               : fmt::format("{}: {}", printable(input->name()), done.error().message));
    }
    return messages.exit_status();
}

} // namespace btrkit::apps

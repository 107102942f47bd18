// SPDX-License-Identifier: MIT
#include "apps/common/command_line.h"
#include "apps/stream/verbs.h"
#include "apps/streams/dump_stream.h"

#include <CLI/CLI.hpp>

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
    const auto& path = option.empty() ? operand : option;
    return dump_stream(line, io, path.empty() ? "-" : path);
}

} // namespace btrkit::apps

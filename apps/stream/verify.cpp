// SPDX-License-Identifier: MIT
#include "apps/stream/verbs.h"
#include "apps/streams/verify_streams.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

int run_stream_verify(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = stream_tool,
                      .operands = "FILE...",
                      .summary = "Tell whether send streams are sound and can be received, in this order.",
                      .verb = "verify"});
    VerifyFlags flags;
    line.app().add_option("FILE", flags.files)->required();
    line.app().add_flag("--parents-elsewhere", flags.verify.parents_elsewhere,
                        "the receiver has what no FILE has: parents, clone sources");
    line.add_format(flags.format);
    line.add_progress();
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    return verify_streams(line, io, flags);
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// Whether send streams are sound, told on standard output.
#pragma once

#include "apps/common/command_line.h"
#include "libfs/ops/verify_stream/verify_stream.h"

namespace btrkit::apps {

struct VerifyFlags {
    std::vector<std::string> files; ///< "-" is standard input
    verify_stream::Options verify;
    OutputFormat format = OutputFormat::text;
};

/// Returns the exit status.
int verify_streams(const CommandLine& line, Io& io, const VerifyFlags& flags);

} // namespace btrkit::apps

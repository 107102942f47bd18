// SPDX-License-Identifier: MIT
// A send stream as text, on standard output.
#pragma once

#include "apps/common/command_line.h"

namespace btrkit::apps {

/// path: "-" is standard input. Returns the exit status.
int dump_stream(const CommandLine& line, Io& io, const std::string& path);

} // namespace btrkit::apps

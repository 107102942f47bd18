// SPDX-License-Identifier: MIT
// What a tool has of the world besides its images, so that tests can run it in process.
#pragma once

#include "libfs/base/output_sink.h"

#include <span>

namespace btrkit::apps {

struct Io {
    OutputSink& out; ///< results
    OutputSink& err; ///< everything else
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    bool has_colours = false;            ///< on those of the two that are terminals
    unsigned (*err_columns)() = nullptr; ///< how wide the terminal is at this moment; 0: not known
};

/// A tool: its arguments without its own name, to its exit status.
using App = int (*)(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

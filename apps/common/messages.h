// SPDX-License-Identifier: MIT
// Everything that a tool says besides its results: one line each on standard error, begun by the tool's name.
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/base/problem.h"

#include <memory>

namespace spdlog {
class logger;
}

namespace btrkit::apps {

/// How much a tool tells, in its report too.
enum class Verbosity { quiet, normal, verbose };

/// What is said on standard error: that, and what stands before it.
enum class LogLevel { error, warning, info, debug };

struct MessageStyle {
    /// What each verbosity says: quiet errors, normal warnings and notes too, verbose everything.
    MessageStyle(Verbosity chosen); // NOLINT(google-explicit-constructor): a verbosity is a style

    Verbosity verbosity;
    LogLevel level;
    bool in_colours = false; ///< of the tool's name, where there is an error or a warning
};

/// Counts errors, so that no tool ends with 0 after it printed one. Control characters become '?'.
class Messages {
public:
    Messages(std::string_view tool, OutputSink& err, MessageStyle style);
    ~Messages();
    Messages(const Messages&) = delete;
    Messages& operator=(const Messages&) = delete;

    /// "TOOL: text"; text begins with the image or file that it is about.
    void error(std::string_view text);
    void error(const Error& what) { error(what.message); }
    /// "TOOL: warning: text"
    void warning(std::string_view text);
    /// "TOOL: note: text"
    void note(std::string_view text);
    /// "TOOL: text", with -v or --log-level debug only
    void detail(std::string_view text);
    /// describe(problem) as "TOOL: error: ..." or "TOOL: note: ...", by its severity.
    void problem(const Problem& problem);

    Verbosity verbosity() const { return verbosity_; }
    u64 error_count() const { return error_count_; }
    /// exit_failed if there was an error, else exit_done.
    int exit_status() const;

private:
    std::unique_ptr<spdlog::logger> log_;
    Verbosity verbosity_;
    u64 error_count_ = 0;
};

} // namespace btrkit::apps

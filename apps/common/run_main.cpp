// SPDX-License-Identifier: MIT
#include "apps/common/run_main.h"

#include "apps/common/colours.h"
#include "apps/common/fd_sink.h"
#include "apps/common/stop_signals.h"

#include <csignal>
#include <exception>
#include <vector>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

/// Standard error, without the lines that only tell that nobody reads standard output.
class ErrorsWorthReading final : public OutputSink {
public:
    ErrorsWorthReading(OutputSink& err, const FdSink& out) : err_(err), out_(out) {}

    Result<void> write(std::string_view text) override {
        const auto& unheard = out_.closed_pipe();
        return !unheard.empty() && text.find(unheard) != std::string_view::npos ? Result<void>{} : err_.write(text);
    }

private:
    OutputSink& err_;
    const FdSink& out_;
};

unsigned columns_of_err() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void end_by_sigpipe() {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE); // where it is blocked, the tool's own status has to do
}

} // namespace

int run_main(int argc, char** argv, App app, int failed_status) {
    // A reader that is gone must not end a tool in the middle of writing an image: it is an error of write() instead.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN); // the same for files that grow past a limit
    FdSink out(STDOUT_FILENO, "standard output");
    FdSink all_errors(STDERR_FILENO, "standard error");
    ErrorsWorthReading err(all_errors, out);
    try {
        const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
        Io io{.out = out,
              .err = err,
              .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
              .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
              .has_colours = are_colours_wanted(),
              .err_columns = columns_of_err};
        const int status = app(arguments, io);
        if (!out.closed_pipe().empty()) {
            end_by_sigpipe();
        }
        const bool is_cancelled = status == exit_failed && failed_status == exit_failed && StopSignals::received();
        return is_cancelled ? exit_cancelled : status;
    } catch (const std::exception& thrown) {
        static_cast<void>(err.write(fmt::format("{}: {}\n", argc > 0 ? argv[0] : "btrkit", thrown.what())));
        return failed_status;
    }
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/common/run_main.h"

#include "apps/common/fd_sink.h"

#include <csignal>
#include <exception>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

namespace btrkit::apps {

int run_main(int argc, char** argv, App app, int failed_status) {
    // A reader that is gone is an error of write(), which every tool reports; not a silent death.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN); // the same for files that grow past a limit
    FdSink out(STDOUT_FILENO, "standard output");
    FdSink err(STDERR_FILENO, "standard error");
    try {
        const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
        Io io{.out = out,
              .err = err,
              .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
              .err_is_terminal = ::isatty(STDERR_FILENO) == 1};
        return app(arguments, io);
    } catch (const std::exception& thrown) {
        static_cast<void>(err.write(fmt::format("{}: {}\n", argc > 0 ? argv[0] : "btrkit", thrown.what())));
        return failed_status;
    }
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// All that a main() does.
#pragma once

#include "apps/common/exit_status.h"
#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Runs app on the process's arguments and standard streams, SIGPIPE and SIGXFSZ ignored; returns its exit status. What
/// is thrown (no memory) becomes one line on standard error and failed_status. One meaning for all tools:
/// - What could not be done after StopSignals received a signal ends with exit_cancelled; but a tool with a
///   failed_status of its own says it in its own bits.
/// - Where nobody reads standard output any more nothing is said of it, and the process ends by SIGPIPE, as cat does,
///   once its work is over.
int run_main(int argc, char** argv, App app, int failed_status = exit_failed);

} // namespace btrkit::apps

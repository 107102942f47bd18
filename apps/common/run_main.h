// SPDX-License-Identifier: MIT
// All that a main() does.
#pragma once

#include "apps/common/exit_status.h"
#include "apps/common/io_layer.h"

namespace btrkit::apps {

/// Runs app on the process's arguments and standard streams, SIGPIPE and SIGXFSZ ignored; returns its exit status. What
/// is thrown (no memory) becomes one line on standard error and failed_status.
int run_main(int argc, char** argv, App app, int failed_status = exit_failed);

} // namespace btrkit::apps

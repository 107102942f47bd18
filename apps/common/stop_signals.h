// SPDX-License-Identifier: MIT
// Ctrl-C, kill and a terminal that goes away as a wish to stop.
#pragma once

#include "libfs/base/stop.h"

#include <array>
#include <optional>

#include <signal.h> // NOLINT(modernize-deprecated-headers): sigaction is POSIX, and <csignal> need not have it

namespace btrkit::apps {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP raises the flag, and the second ends the process as it always
/// did. System calls that wait (reading a pipe) then fail with EINTR. One at a time.
class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    StopToken token() const { return StopToken(flag_); }
    /// As if a signal had come.
    void request() { flag_.request(); }
    /// Which signal it was.
    static std::optional<int> received();

private:
    StopFlag flag_;
    std::array<struct sigaction, 3> before_{};
};

} // namespace btrkit::apps

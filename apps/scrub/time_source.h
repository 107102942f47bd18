// SPDX-License-Identifier: MIT
// Time as it passes, and a way to wait: from outside, so that tests need not.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace btrkit::apps {

using SteadyTime = std::chrono::steady_clock::time_point;

/// All are called from any thread.
struct TimeSource {
    std::function<std::chrono::system_clock::time_point()> date = std::chrono::system_clock::now;
    std::function<SteadyTime()> now = std::chrono::steady_clock::now;
    std::function<void(std::chrono::nanoseconds)> sleep = [](std::chrono::nanoseconds time) {
        std::this_thread::sleep_for(time);
    };
};

} // namespace btrkit::apps

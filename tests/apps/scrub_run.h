// SPDX-License-Identifier: MIT
// btrkit-scrub called in process, in a time of its own.
#pragma once

#include "apps/scrub/scrub.h"
#include "tests/apps/tool_run.h"

#include <atomic>

namespace btrkit::test {

/// Stands still but for who sleeps.
class TestTime {
public:
    /// Must not outlive this.
    apps::TimeSource source() {
        return {.date =
                    [this] {
                        return std::chrono::system_clock::time_point(std::chrono::seconds(1'795'263'448) + passed());
                    },
                .now = [this] { return apps::SteadyTime(std::chrono::hours(1) + passed()); },
                .sleep =
                    [this](std::chrono::nanoseconds time) {
                        passed_ += time.count();
                        if (on_sleep) {
                            on_sleep();
                        }
                    }};
    }
    std::chrono::nanoseconds passed() const { return std::chrono::nanoseconds(passed_.load()); }
    void pass(std::chrono::nanoseconds time) { passed_ += time.count(); }

    std::function<void()> on_sleep;

private:
    std::atomic<std::chrono::nanoseconds::rep> passed_ = 0;
};

inline ToolRun scrub_in(TestTime& time, const std::vector<std::string>& arguments) {
    StringSink out;
    StringSink err;
    apps::Io io{.out = out, .err = err};
    const int status = apps::run_scrub(arguments, io, time.source());
    return {status, out.text(), err.text()};
}

inline ToolRun run_scrub(const std::vector<std::string>& arguments) {
    TestTime time;
    return scrub_in(time, arguments);
}

} // namespace btrkit::test

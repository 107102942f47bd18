// SPDX-License-Identifier: MIT
#include "apps/common/command_line.h"
#include "apps/common/progress.h"
#include "apps/common/sizes.h"
#include "apps/common/stop_signals.h"
#include "tests/apps/tool_run.h"

#include <csignal>
#include <map>
#include <thread>

#include <doctest/doctest.h>

namespace progress_test {

using namespace btrkit;
using namespace btrkit::apps;
using namespace std::chrono_literals;

namespace {

/// A clock that stands still until it is told.
struct TestClock {
    std::chrono::steady_clock::time_point now{100s};
    ProgressDisplay::Clock clock() {
        return [this] { return now; };
    }
};

TEST_CASE("work that takes less than a second shows nothing on a terminal") {
    TestClock time;
    StringSink err;
    {
        ProgressDisplay display("tool", err, ProgressStyle::line, time.clock());
        display.begin_phase("reading", 100, ProgressUnit::items);
        time.now += 999ms;
        display.advance(100);
    }
    CHECK(err.text().empty());
}

TEST_CASE("longer work shows one line, not too often, and takes it away") {
    TestClock time;
    StringSink err;
    {
        ProgressDisplay display("tool", err, ProgressStyle::line, time.clock());
        display.begin_phase("reading", 1000 * mib, ProgressUnit::bytes);
        time.now += 1s;
        display.advance(100 * mib);
        const std::string first = "\rtool: reading: 10 %, 100.00MiB of 1000.00MiB, 100.00MiB/s, 0:09 left";
        CHECK(err.text() == first);
        time.now += 199ms;
        display.advance(1);
        CHECK(err.text() == first);
        time.now += 801ms;
        display.advance(900 * mib - 1);
        const std::string last = "tool: reading: 100 %, 1000.00MiB of 1000.00MiB, 500.00MiB/s";
        CHECK(err.text() == first + "\r" + last + std::string(first.size() - 1 - last.size(), ' '));
        display.finish();
        CHECK(err.text().ends_with("\r" + std::string(last.size(), ' ') + "\r"));
    }
    CHECK(test::count_of(err.text(), "\r") == 4);
    CHECK(test::count_of(err.text(), "\n") == 0);
}

TEST_CASE("a message takes the line away first") {
    TestClock time;
    StringSink err;
    ProgressDisplay display("tool", err, ProgressStyle::line_at_once, time.clock());
    display.begin_phase("x", 4, ProgressUnit::items);
    display.advance(1);
    REQUIRE(display.err().write("tool: wrong\n"));
    CHECK(err.text() == "\rtool: x: 25 %, 1 of 4\r                     \rtool: wrong\n");
    REQUIRE(display.err().write("tool: again\n"));
    CHECK(err.text().ends_with("tool: wrong\ntool: again\n"));
}

TEST_CASE("without a terminal there are lines, one at least for each phase") {
    TestClock time;
    StringSink err;
    {
        ProgressDisplay display("tool", err, ProgressStyle::lines, time.clock());
        display.begin_phase("counting", 0, ProgressUnit::items);
        display.advance(7);
        display.begin_phase("reading", 80000, ProgressUnit::items);
        time.now += 4s;
        display.advance(10);
        time.now += 6s;
        display.advance(10);
    }
    CHECK(err.text() == "tool: counting: 7\n"
                        "tool: reading: 0 %, 20 of 80000, 2/s, 11:06:30 left\n"
                        "tool: reading: 0 %, 20 of 80000, 2/s, 11:06:30 left\n");
}

TEST_CASE("wrong totals do no harm, and 100 % is only said of all") {
    TestClock time;
    StringSink err;
    ProgressDisplay display("tool", err, ProgressStyle::line_at_once, time.clock());
    display.begin_phase("x", ~u64{0}, ProgressUnit::items);
    display.advance(~u64{0} - 1);
    CHECK(test::contains(err.text(), " 99 %,"));
    display.begin_phase("y", 3, ProgressUnit::items);
    time.now += 1s;
    display.advance(5);
    CHECK(test::contains(err.text(), "y: 100 %, 3 of 3, 5/s"));
    const std::string long_name(200, 'n');
    display.begin_phase(long_name, 3, ProgressUnit::items);
    time.now += 1s;
    display.advance(1);
    CHECK_FALSE(test::contains(err.text(), std::string(80, 'n')));
}

TEST_CASE("a line never wraps, however narrow the terminal, and says what is worth most") {
    for (const unsigned columns : {1U, 20U, 40U, 60U, 200U}) {
        TestClock time;
        StringSink err;
        ProgressDisplay display("btrkit-scrub", err, ProgressStyle::line_at_once, time.clock(),
                                [&] { return columns; });
        display.begin_phase("reading", 1000 * mib, ProgressUnit::bytes);
        time.now += 1s;
        display.advance(100 * mib);
        const auto line = err.text().substr(1);
        CHECK(line.size() < columns);
        const std::map<unsigned, std::string_view> wanted = {
            {1, ""},
            {20, "reading: 10 %"},
            {40, "reading: 10 %, 100.00MiB/s, 0:09 left"},
            {60, "reading: 10 %, 100.00MiB/s, 0:09 left"},
            {200, "btrkit-scrub: reading: 10 %, 100.00MiB of 1000.00MiB, 100.00MiB/s, 0:09 left"}};
        CHECK(line == wanted.at(columns));
    }
}

TEST_CASE("off is silent; a sink that fails is no concern of the work") {
    StringSink err;
    test::FullSink full;
    for (OutputSink* sink : {static_cast<OutputSink*>(&err), static_cast<OutputSink*>(&full)}) {
        const auto style = sink == &err ? ProgressStyle::off : ProgressStyle::lines;
        ProgressDisplay display("tool", *sink, style);
        display.begin_phase("x", 1, ProgressUnit::items);
        display.advance(1);
        display.finish();
    }
    CHECK(err.text().empty());
}

TEST_CASE("threads advance together") {
    StringSink err;
    {
        ProgressDisplay display("tool", err, ProgressStyle::lines);
        display.begin_phase("x", 4000, ProgressUnit::items);
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 1000; ++n) {
                    display.advance(1);
                }
            });
        }
    }
    CHECK(err.text().starts_with("tool: x: 100 %, 4000 of 4000"));
}

ProgressStyle style_of(const std::vector<std::string>& arguments, bool err_is_terminal) {
    StringSink out;
    StringSink err;
    Io io{.out = out, .err = err, .err_is_terminal = err_is_terminal};
    CommandLine line({.name = "tool", .operands = "", .summary = ""});
    line.add_progress();
    REQUIRE_FALSE(line.parse(arguments, io));
    return line.progress_style(io);
}

TEST_CASE("progress is for terminals unless flags say otherwise") {
    CHECK(style_of({}, true) == ProgressStyle::line);
    CHECK(style_of({}, false) == ProgressStyle::off);
    CHECK(style_of({"-q"}, true) == ProgressStyle::off);
    CHECK(style_of({"--progress"}, true) == ProgressStyle::line_at_once);
    CHECK(style_of({"--progress"}, false) == ProgressStyle::lines);
    CHECK(style_of({"--progress", "-q"}, false) == ProgressStyle::lines);
}

TEST_CASE("the first signal asks to stop, and the second has its default effect") {
    const auto handler_of = [](int number) {
        struct sigaction action{};
        ::sigaction(number, nullptr, &action);
        return action.sa_handler;
    };
    CHECK_FALSE(StopToken().stop_requested());
    const auto before = handler_of(SIGINT);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        const StopSignals signals;
        const StopToken token = signals.token();
        CHECK_FALSE(token.stop_requested());
        CHECK_FALSE(StopSignals::received());
        CHECK((handler_of(number) != SIG_DFL));
        std::raise(number);
        CHECK(token.stop_requested());
        CHECK(StopSignals::received() == number);
        CHECK((handler_of(SIGINT) == SIG_DFL));
        CHECK((handler_of(SIGTERM) == SIG_DFL));
    }
    CHECK((handler_of(SIGINT) == before));
    std::signal(SIGTERM, SIG_IGN);
    {
        const StopSignals signals;
        std::raise(SIGTERM);
        CHECK_FALSE(signals.token().stop_requested());
    }
    std::signal(SIGTERM, SIG_DFL);
}

TEST_CASE("sizes are told in IEC units with two decimals") {
    CHECK(size_text(0) == "0.00B");
    CHECK(size_text(1023) == "1023.00B");
    CHECK(size_text(1536) == "1.50KiB");
    CHECK(size_text(u64{5} << 40) == "5.00TiB");
    CHECK(size_text(~u64{0}) == "16.00EiB");
}

} // namespace

} // namespace progress_test

// SPDX-License-Identifier: MIT
#include "apps/check/check.h"
#include "apps/common/colours.h"
#include "apps/common/command_line.h"
#include "apps/common/did_you_mean.h"
#include "apps/common/fd_sink.h"
#include "apps/common/messages.h"
#include "apps/common/sizes.h"
#include "tests/apps/tool_run.h"

#include <array>
#include <csignal>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace common_test {

using namespace btrkit;
using namespace btrkit::apps;

TEST_CASE("numbers and sizes") {
    CHECK(parse_number("0") == 0);
    CHECK(parse_number("18446744073709551615") == ~u64{0});
    CHECK(parse_number("0x1fe") == 0x1fe);
    CHECK(parse_number("010") == 8);
    for (const auto* wrong : {"", "-1", "+1", " 1", "1 ", "0x", "08", "18446744073709551616", "1k"}) {
        CHECK_MESSAGE(!parse_number(wrong), wrong);
    }
    CHECK(parse_size("4096") == 4096);
    CHECK(parse_size("64k") == 65536);
    CHECK(parse_size("64K") == 65536);
    CHECK(parse_size("3MiB") == u64{3} << 20);
    CHECK(parse_size("3Gb") == u64{3} << 30);
    CHECK(parse_size("15e") == u64{15} << 60);
    CHECK(parse_size("512b") == 512);
    CHECK(parse_size("0x1b") == 0x1b);
    CHECK(parse_size("0100M") == u64{100} << 20); // as the peer
    CHECK(parse_size("0100") == 100);
    CHECK(parse_size("1.5G") == u64{3} << 29);
    CHECK(parse_size("0.1k") == 102);
    CHECK(parse_size("2.25TiB") == u64{9} << 38);
    CHECK(parse_size("15.99999999999999999999999999e") == ~u64{0});
    for (const auto* wrong : {"", "k", "b", "16e", "1kk", "1ib", "1.5", "1.k", ".5k", "1.5.5k", "1,5k", "1.xk", "1.5b",
                              "k1", "-1k", "1x"}) {
        CHECK_MESSAGE(!parse_size(wrong), wrong);
    }
}

TEST_CASE("messages are lines of the tool, and errors are counted") {
    StringSink err;
    Messages messages("tool", err, Verbosity::normal);
    messages.warning("w");
    messages.note("n");
    messages.detail("d");
    messages.problem({ProblemCode::super_unknown_compat_ro, {}, ""});
    CHECK(messages.exit_status() == 0);
    messages.error("image: \x1b[1mbroken\n{}");
    CHECK(messages.exit_status() == 1);
    messages.problem({ProblemCode::root_unreadable, {}, "x"});
    CHECK(messages.error_count() == 2);
    CHECK(err.text() == "tool: warning: w\n"
                        "tool: note: n\n"
                        "tool: note: [super-unknown-compat-ro] superblock has read-only-compatible features that this "
                        "program does not know\n"
                        "tool: image: ?[1mbroken?{}\n"
                        "tool: error: [root-unreadable] the root of a tree could not be read: x\n");
}

TEST_CASE("quiet prints errors only, and counts the same") {
    StringSink err;
    Messages messages("tool", err, Verbosity::quiet);
    messages.warning("w");
    messages.note("n");
    messages.error("e");
    CHECK(err.text() == "tool: e\n");
    StringSink all;
    Messages("tool", all, Verbosity::verbose).detail("d");
    CHECK(all.text() == "tool: d\n");
}

TEST_CASE("--log-level says what is told, and colours mark it") {
    StringSink err;
    MessageStyle style(Verbosity::quiet);
    style.level = LogLevel::warning;
    style.in_colours = true;
    Messages messages("tool", err, style);
    messages.note("n");
    messages.warning("w");
    messages.error("e");
    CHECK(messages.verbosity() == Verbosity::quiet);
    CHECK(err.text() == "\x1b[1;33mtool:\x1b[0m warning: w\n\x1b[1;31mtool:\x1b[0m e\n");
    const auto style_of = [](const std::vector<std::string>& arguments, bool err_is_terminal) {
        StringSink out;
        StringSink errors;
        Io io{.out = out, .err = errors, .err_is_terminal = err_is_terminal, .has_colours = true};
        CommandLine line({.name = "tool", .operands = "", .summary = ""});
        REQUIRE_FALSE(line.parse(arguments, io));
        return line.message_style(io);
    };
    CHECK(style_of({"-q", "--log-level", "debug"}, false).level == LogLevel::debug);
    CHECK(style_of({"--log-level=info", "--log-level", "error"}, false).level == LogLevel::error);
    CHECK(style_of({"-v"}, true).level == LogLevel::debug);
    CHECK(style_of({}, true).in_colours);
    CHECK_FALSE(style_of({}, false).in_colours);
    CHECK(test::contains(test::run_tool(run_check, {"--log-level", "loud", "x"}).err, "'loud' is not one of error"));
}

TEST_CASE("reports in colours are the same text") {
    CHECK(in_colours("a\nerror: x\n    note: y\nVerdict: clean, 1 note\nVerdict: damaged: z") ==
          "a\n\x1b[1;31merror:\x1b[0m x\n    note: y\n\x1b[1;32mVerdict: clean, 1 note\x1b[0m\n"
          "\x1b[1;31mVerdict: damaged: z\x1b[0m");
}

TEST_CASE("a descriptor takes all bytes, whatever it takes at once") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    const std::string text(300000, 'x');
    // More parts than one call takes, empty ones among them.
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < 3000; ++i) {
        pieces.push_back(i % 3 == 0 ? std::string() : std::string(i % 400, static_cast<char>('a' + i % 26)));
    }
    const std::vector<std::string_view> parts(pieces.begin(), pieces.end());
    std::string got;
    std::thread reader([&] {
        std::array<char, 5000> buffer{};
        for (ssize_t count = 0; (count = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
            got.append(buffer.data(), static_cast<std::size_t>(count));
        }
    });
    FdSink sink(ends[1], "pipe");
    CHECK(sink.write(text));
    CHECK(sink.write_all(parts));
    CHECK(sink.write_all({}));
    ::close(ends[1]);
    reader.join();
    CHECK((got == text + fmt::format("{}", fmt::join(pieces, ""))));
    ::close(ends[0]);
}

TEST_CASE("a reader that is gone is an error") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    ::close(ends[0]);
    const auto old = std::signal(SIGPIPE, SIG_IGN);
    FdSink sink(ends[1], "pipe");
    const std::array<std::string_view, 2> parts{"x", "y"};
    for (const auto& written : {sink.write("x"), sink.write_all(parts)}) {
        REQUIRE_FALSE(written);
        CHECK(written.error().message == "pipe: Broken pipe");
    }
    std::signal(SIGPIPE, old);
    ::close(ends[1]);
}

TEST_CASE("did you mean") {
    const std::vector<std::string> known = {"check", "scrub", "--progress", "--format"};
    CHECK(did_you_mean("chekc", known) == "; did you mean 'check'?");
    CHECK(did_you_mean("--progres", known) == "; did you mean '--progress'?");
    CHECK(did_you_mean("--frmat", known) == "; did you mean '--format'?");
    for (const std::string& far : {std::string("xyz"), std::string(), std::string("ck"), std::string(100'000, 'c')}) {
        CHECK(did_you_mean(far, known).empty());
    }
    const auto run = test::run_tool(run_check, {"--formt=json", "x.img"});
    CHECK(run.status == 16);
    CHECK(test::contains(run.err, "did you mean '--format'?"));
    CHECK(test::run_tool(run_check, {"-V"}).out == test::run_tool(run_check, {"--version"}).out);
}

TEST_CASE("a full disk is an error") {
    const int fd = ::open("/dev/full", O_WRONLY);
    REQUIRE(fd >= 0);
    FdSink sink(fd, "standard output");
    const auto written = sink.write("x");
    ::close(fd);
    REQUIRE_FALSE(written);
    CHECK(written.error().message == "standard output: No space left on device");
}

} // namespace common_test

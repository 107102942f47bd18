// SPDX-License-Identifier: MIT
// What a verb has of the world, and that it may have nothing of it.
#include "libfs/base/run_context.h"

#include <doctest/doctest.h>

namespace run_context_test {

using namespace btrkit;

namespace {

struct Heard final : ProgressSink {
    void begin_phase(std::string_view phase, u64 total, ProgressUnit unit) override {
        phases += phase;
        sum += total;
        is_bytes = unit == ProgressUnit::bytes;
    }
    void advance(u64 amount) override { done += amount; }

    std::string phases;
    u64 sum = 0;
    u64 done = 0;
    bool is_bytes = false;
};

} // namespace

TEST_CASE("context: without arguments nobody watches, and nobody stops") {
    const RunContext context;
    context.progress.begin_phase("nothing", 1, ProgressUnit::bytes);
    context.progress.advance(1);
    context.tell({ProblemCode::block_lost, {}, "nobody hears this"});
    CHECK_FALSE(context.stop.stop_requested());
    CHECK(context.parallelism.threads == 1);
}

TEST_CASE("context: who watches is told, whoever has a copy of the context") {
    Heard heard;
    Problems problems;
    const RunContext context{.progress = Progress(heard),
                             .problems = [&](const Problem& problem) { problems.push_back(problem); }};
    const RunContext copy = context;
    context.progress.begin_phase("files", 30, ProgressUnit::bytes);
    context.progress.advance(10);
    copy.progress.advance(7);
    CHECK(heard.phases == "files");
    CHECK(heard.sum == 30);
    CHECK(heard.is_bytes);
    CHECK(heard.done == 17);
    copy.tell({ProblemCode::block_lost, {}, "this"});
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().detail == "this");
}

TEST_CASE("context: a stop reaches all copies") {
    StopFlag flag;
    const RunContext context{.stop = StopToken(flag)};
    const RunContext copy = context;
    CHECK_FALSE(copy.stop.stop_requested());
    flag.request();
    CHECK(copy.stop.stop_requested());
}

} // namespace run_context_test

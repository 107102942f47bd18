// SPDX-License-Identifier: MIT
// The promises of the pipeline: order, a bound on what is in flight, and the same result with any number of threads.
#include "libfs/base/ordered_pipeline.h"

#include <chrono>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace ordered_pipeline_test {

namespace {

struct Job {
    explicit Job(std::atomic<int>& alive) : alive_jobs(alive) { ++alive_jobs; }
    ~Job() { --alive_jobs; }
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    std::atomic<int>& alive_jobs;
    int number = 0;
    int square = 0;
};

struct Run {
    std::vector<int> squares;
    int made = 0;
    int most_in_flight = 0;
    int left_over = 0;
};

/// Squares the numbers below count, the earlier ones more slowly; stops after the job numbered last.
Run run_squares(unsigned threads, int count, int last) {
    Run run;
    std::atomic<int> alive = 0;
    btrkit::run_ordered(
        btrkit::Parallelism{threads},
        [&]() -> std::unique_ptr<Job> {
            if (run.made == count) {
                return nullptr;
            }
            auto job = std::make_unique<Job>(alive);
            job->number = run.made++;
            run.most_in_flight = std::max(run.most_in_flight, alive.load());
            return job;
        },
        [](Job& job) {
            std::this_thread::sleep_for(std::chrono::microseconds((job.number % 5) * 50));
            job.square = job.number * job.number;
        },
        [&](Job& job) {
            run.squares.push_back(job.square);
            return job.number != last;
        });
    run.left_over = alive;
    return run;
}

TEST_CASE("results come in order and nothing is lost, with any number of threads") {
    std::vector<int> expected;
    for (int i = 0; i < 300; ++i) {
        expected.push_back(i * i);
    }
    for (const unsigned threads : {0u, 1u, 2u, 3u, 8u, 32u}) {
        CAPTURE(threads);
        const Run run = run_squares(threads, 300, -1);
        CHECK(run.squares == expected);
        CHECK(run.left_over == 0);
    }
}

TEST_CASE("no more is in flight than promised") {
    for (const unsigned threads : {1u, 2u, 4u}) {
        CAPTURE(threads);
        const Run run = run_squares(threads, 300, -1);
        CHECK(run.most_in_flight >= 1);
        CHECK(run.most_in_flight <= static_cast<int>(btrkit::Parallelism{threads}.in_flight()));
    }
}

TEST_CASE("after a no, nothing more is finished, and what was made is dropped") {
    for (const unsigned threads : {1u, 2u, 8u}) {
        CAPTURE(threads);
        const Run run = run_squares(threads, 300, 10);
        CHECK(run.squares.size() == 11);
        CHECK(run.made <= 11 + static_cast<int>(btrkit::Parallelism{threads}.in_flight()));
        CHECK(run.left_over == 0);
    }
}

TEST_CASE("no jobs at all is fine") {
    CHECK(run_squares(1, 0, -1).squares.empty());
    CHECK(run_squares(4, 0, -1).squares.empty());
}

} // namespace

} // namespace ordered_pipeline_test

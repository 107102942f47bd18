// SPDX-License-Identifier: MIT
// The promises of the push: order, a bound on what is alive, the same result with any number of threads, and nothing
// left over where it ends early.
#include "libfs/base/ordered_push.h"
#include "libfs/base/pool.h"

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace ordered_push_test {

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

using JobPtr = std::unique_ptr<Job>;

struct Run {
    std::vector<int> squares;
    int handed_in = 0;
    int most_alive = 0;
    int left_over = 0;
    bool went_on = true;
    bool finished_elsewhere = false;
};

/// Squares the numbers below count, the earlier ones more slowly; says no after the job numbered last.
Run push_squares(unsigned threads, int count, int last, bool drain = true) {
    Run run;
    std::atomic<int> alive = 0;
    {
        const auto here = std::this_thread::get_id();
        btrkit::OrderedPush<JobPtr> push(
            btrkit::Parallelism{threads},
            [](Job& job) {
                std::this_thread::sleep_for(std::chrono::microseconds((job.number % 5) * 50));
                job.square = job.number * job.number;
            },
            [&](Job& job) {
                run.finished_elsewhere |= std::this_thread::get_id() != here;
                run.squares.push_back(job.square);
                return job.number != last;
            });
        while (run.went_on && run.handed_in < count) {
            auto job = std::make_unique<Job>(alive);
            job->number = run.handed_in++;
            run.most_alive = std::max(run.most_alive, alive.load());
            run.went_on = push.push(std::move(job));
        }
        if (drain) {
            run.went_on = push.drain();
            CHECK_FALSE((!run.went_on && push.push(std::make_unique<Job>(alive)))); // a no is for ever
        }
    }
    run.left_over = alive;
    return run;
}

TEST_CASE("ordered push: results come in order and nothing is lost, with any number of threads") {
    std::vector<int> expected;
    for (int i = 0; i < 300; ++i) {
        expected.push_back(i * i);
    }
    for (const unsigned threads : {0U, 1U, 2U, 3U, 8U, 32U}) {
        CAPTURE(threads);
        const Run run = push_squares(threads, 300, -1);
        CHECK(run.squares == expected);
        CHECK(run.left_over == 0);
        CHECK(run.went_on);
        CHECK_FALSE(run.finished_elsewhere);
    }
}

TEST_CASE("ordered push: no more is alive than promised") {
    for (const unsigned threads : {1U, 2U, 4U}) {
        CAPTURE(threads);
        const Run run = push_squares(threads, 300, -1);
        CHECK(run.most_alive >= 1);
        CHECK(run.most_alive <= static_cast<int>(btrkit::Parallelism{threads}.in_flight()));
    }
}

TEST_CASE("ordered push: after a no, nothing more is finished, and what was handed in is dropped") {
    for (const unsigned threads : {1U, 2U, 8U}) {
        CAPTURE(threads);
        const Run run = push_squares(threads, 300, 10);
        CHECK(run.squares.size() == 11);
        CHECK(run.handed_in <= 11 + static_cast<int>(btrkit::Parallelism{threads}.in_flight()));
        CHECK(run.left_over == 0);
        CHECK_FALSE(run.went_on);
    }
}

TEST_CASE("ordered push: what is not drained is dropped unfinished") {
    for (const unsigned threads : {2U, 8U}) {
        CAPTURE(threads);
        const int count = static_cast<int>(btrkit::Parallelism{threads}.in_flight()) + 2;
        const Run run = push_squares(threads, count, -1, false);
        CHECK(run.squares.size() == 3); // for which room had to be made
        CHECK(run.left_over == 0);
    }
}

TEST_CASE("ordered push: no jobs at all is fine") {
    CHECK(push_squares(1, 0, -1).squares.empty());
    CHECK(push_squares(4, 0, -1).squares.empty());
}

TEST_CASE("ordered push: leases of a pool are jobs too") {
    btrkit::Pool<int> pool;
    int made = 0;
    int sum = 0;
    btrkit::OrderedPush<btrkit::Pool<int>::Lease> push(
        btrkit::Parallelism{3}, [](int& job) { job *= 2; },
        [&](int& job) {
            sum += job;
            return true;
        });
    for (int i = 0; i < 100; ++i) {
        auto job = pool.lease([&] {
            ++made;
            return std::make_unique<int>();
        });
        *job = i;
        push.push(std::move(job));
    }
    CHECK(push.drain());
    CHECK(sum == 9900);
    CHECK(made <= 5);
}

} // namespace

} // namespace ordered_push_test

// SPDX-License-Identifier: MIT
#include "libfs/base/pool.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

namespace pool_test {

using btrkit::Pool;

namespace {

struct Thing {
    explicit Thing(int& alive) : alive_things(alive) { ++alive_things; }
    ~Thing() { --alive_things; }
    Thing(const Thing&) = delete;
    Thing& operator=(const Thing&) = delete;

    int& alive_things;
    int mark = 0;
};

} // namespace

TEST_CASE("what was given back is handed out again, as it was left") {
    int alive = 0;
    int made = 0;
    {
        Pool<Thing> pool;
        const auto make = [&] {
            ++made;
            return std::make_unique<Thing>(alive);
        };
        {
            auto first = pool.lease(make);
            auto second = pool.lease(make);
            CHECK(first.get() != second.get());
            first->mark = 7;
            second->mark = 7;
        }
        CHECK(alive == 2);
        const auto again = pool.lease(make);
        CHECK(again->mark == 7);
        CHECK(made == 2);
        auto moved = pool.lease(make);
        const auto* thing = moved.get();
        const auto target = std::move(moved);
        CHECK(target.get() == thing);
        CHECK(pool.lease(make)->mark == 0);
        CHECK(made == 3);
    }
    CHECK(alive == 0);
}

TEST_CASE("no two threads have the same thing at once, and no more are made than are needed") {
    constexpr int thread_count = 8;
    std::atomic<int> made = 0;
    std::atomic<int> clashes = 0;
    Pool<std::atomic<int>> pool;
    std::vector<std::thread> threads;
    for (int i = 0; i < thread_count; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 2000; ++round) {
                const auto thing = pool.lease([&] {
                    ++made;
                    return std::make_unique<std::atomic<int>>(0);
                });
                clashes += ++*thing != 1;
                --*thing;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(clashes == 0);
    CHECK(made <= thread_count);
}

} // namespace pool_test

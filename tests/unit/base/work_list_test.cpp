// SPDX-License-Identifier: MIT
// Work that finds more work.
#include "libfs/base/work_list.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace work_list_test {

using namespace btrkit;

namespace {

/// A job that counts those of its kind that are alive, as long as nobody has moved it away.
struct CountedJob {
    unsigned depth = 0;
    std::shared_ptr<void> token;
};

} // namespace

TEST_CASE("every job is done, those that were found too, and all are gone when the list is done") {
    for (const unsigned threads : {1U, 2U, 4U}) {
        for (int round = 0; round < 300; ++round) {
            std::atomic<int> alive = 0;
            std::atomic<unsigned> done = 0;
            const auto make = [&](unsigned depth) {
                ++alive;
                return CountedJob{depth, std::shared_ptr<void>(&alive, [](void* count) {
                                      std::this_thread::yield(); // late enough for whoever does not wait for it
                                      --*static_cast<std::atomic<int>*>(count);
                                  })};
            };
            run_work_list(Parallelism{.threads = threads}, make(0), [&](const CountedJob& job, const auto& add) {
                ++done;
                for (int i = 0; job.depth < 4 && i < 3; ++i) {
                    add(make(job.depth + 1));
                }
            });
            REQUIRE(alive == 0);
            REQUIRE(done == 1 + 3 + 9 + 27 + 81);
        }
    }
}

} // namespace work_list_test

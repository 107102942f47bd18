// SPDX-License-Identifier: MIT
// Work that finds more work, on several threads: ordered_pipeline.h's sister for trees that are not known beforehand.
#pragma once

#include "libfs/base/ordered_pipeline.h"

#include <vector>

#include <oneapi/tbb/parallel_for_each.h>

namespace btrkit {

/// work(job, add) runs for the first job and for every one that was handed to add(Job), in any order, several at
/// once. Returns when none is left, and nothing that a job held lives any more. Never recurses: a chain of jobs may be
/// as long as it likes.
template <class Job, class Work>
void run_work_list(Parallelism parallelism, Job first, Work&& work) {
    std::vector<Job> jobs;
    jobs.push_back(std::move(first));
    if (parallelism.threads <= 1) {
        while (!jobs.empty()) {
            Job job = std::move(jobs.back());
            jobs.pop_back();
            work(job, [&](Job more) { jobs.push_back(std::move(more)); });
        }
        return;
    }
    namespace tbb = oneapi::tbb;
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, parallelism.threads);
    tbb::parallel_for_each(jobs.begin(), jobs.end(), [&](Job& job, tbb::feeder<Job>& feeder) {
        // oneTBB lets go of a job only after it has said that the job is done, so perhaps after this function has
        // returned: what the job holds must end here.
        Job own = std::move(job);
        work(own, [&](Job more) { feeder.add(std::move(more)); });
    });
}

} // namespace btrkit

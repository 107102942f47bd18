// SPDX-License-Identifier: MIT
// Work on many things at once, results in order. With its sister work_list.h, all that the library uses threads for.
#pragma once

#include "libfs/base/parallelism.h"

#include <atomic>
#include <memory>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>

namespace btrkit {

/// Repeats: make() gives the next job as unique_ptr, null at the end (one call at a time, in order);
/// work(job) runs for several jobs at once; finish(job) takes them one at a time, in the order in which they were
/// made, and says whether to go on. Jobs that were already made are dropped when it says no.
template <class Make, class Work, class Finish>
void run_ordered(Parallelism parallelism, Make&& make, Work&& work, Finish&& finish) {
    using JobPtr = decltype(make());
    if (parallelism.threads <= 1) {
        while (JobPtr job = make()) {
            work(*job);
            if (!finish(*job)) {
                return;
            }
        }
        return;
    }
    namespace tbb = oneapi::tbb;
    using Job = typename JobPtr::element_type;
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, parallelism.threads);
    std::atomic<bool> go_on = true; // read by the making thread, written by the finishing one
    tbb::parallel_pipeline(
        parallelism.in_flight(),
        tbb::make_filter<void, Job*>(tbb::filter_mode::serial_in_order, [&](tbb::flow_control& control) -> Job* {
            JobPtr job = go_on ? make() : nullptr;
            if (!job) {
                control.stop();
            }
            return job.release();
        }) & tbb::make_filter<Job*, Job*>(tbb::filter_mode::parallel, [&](Job* job) {
            work(*job);
            return job;
        }) & tbb::make_filter<Job*, void>(tbb::filter_mode::serial_in_order, [&](Job* job) {
            const JobPtr owned(job);
            if (go_on && !finish(*owned)) {
                go_on = false;
            }
        }));
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/verify_all.h"

#include "libfs/base/ordered_pipeline.h"
#include "libfs/base/pool.h"

namespace btrkit::survey {

void verify_all(const VerifyMode& mode, Parallelism parallelism, const NextUnit& next, const AcceptResult& accept) {
    struct Job {
        VerifyUnit unit = {};
        UnitResult result = {};
    };
    Pool<VerifyBuffer> buffers;
    run_ordered(
        parallelism,
        [&] {
            auto job = std::make_unique<Job>();
            return next(job->unit) ? std::move(job) : nullptr;
        },
        [&](Job& job) {
            const auto buffer = buffers.lease([] { return std::make_unique<VerifyBuffer>(); });
            job.result = verify_unit(mode, job.unit, *buffer);
        },
        [&](Job& job) { return accept(job.unit, job.result); });
}

} // namespace btrkit::survey

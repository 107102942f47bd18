// SPDX-License-Identifier: MIT
// So many bytes a second and no more: a bucket of bytes that time fills.
#pragma once

#include "apps/scrub/time_source.h"
#include "libfs/base/address.h"
#include "libfs/base/stop.h"

#include <mutex>

namespace btrkit::apps {

class Throttle {
public:
    /// bytes_per_second: not 0. time outlives it.
    Throttle(u64 bytes_per_second, const TimeSource& time, StopToken stop);

    /// Returns when so many bytes may be read, or at once where a stop was requested. From any thread: who comes later
    /// waits longer.
    void acquire(u64 bytes);

private:
    /// Takes bytes that may not be there yet; returns when they will be.
    SteadyTime reserve(u64 bytes);

    double bytes_per_second_;
    const TimeSource& time_;
    StopToken stop_;

    std::mutex mutex_;    ///< of what follows
    double credit_bytes_; ///< below 0: promised already
    SteadyTime filled_;   ///< when credit_bytes_ was so much
};

} // namespace btrkit::apps

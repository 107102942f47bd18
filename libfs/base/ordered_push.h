// SPDX-License-Identifier: MIT
// Work on many things at once, results in order, for one who has things to hand in: ordered_pipeline.h's sister, which
// asks for them.
#pragma once

#include "libfs/base/ordered_pipeline.h"

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include <oneapi/tbb/task_group.h>

namespace btrkit {

/// work(job) runs for several jobs at once; finish(job) takes them one at a time, in the order in which they were
/// handed in, and says whether to go on. After a no, jobs are dropped. finish() is called within push() and drain(), by
/// the thread that calls these: one at a time.
///
/// JobPtr is a unique_ptr of any kind. With the one that is being made for the next push(), at most
/// Parallelism::in_flight() of them are alive.
template <class JobPtr>
class OrderedPush {
public:
    using Job = typename JobPtr::element_type;

    OrderedPush(Parallelism parallelism, std::function<void(Job&)> work, std::function<bool(Job&)> finish)
        : work_(std::move(work)), finish_(std::move(finish)),
          slots_(parallelism.threads <= 1 ? 0 : parallelism.in_flight() - 1) {
        if (!slots_.empty()) {
            limit_.emplace(oneapi::tbb::global_control::max_allowed_parallelism, parallelism.threads);
        }
    }

    /// Drops what was not finished.
    ~OrderedPush() {
        go_on_ = false;
        drain();
    }
    OrderedPush(const OrderedPush&) = delete;
    OrderedPush& operator=(const OrderedPush&) = delete;

    /// Hands in a job; finishes the oldest ones first where there is no room. False after a no.
    bool push(JobPtr job) {
        if (go_on_ && slots_.empty()) {
            work_(*job);
            go_on_ = finish_(*job);
            return go_on_;
        }
        if (waiting_ == slots_.size()) {
            finish_oldest();
        }
        if (!go_on_) {
            return false;
        }
        Slot& slot = slots_[(oldest_ + waiting_) % slots_.size()];
        slot.job = std::move(job);
        ++waiting_;
        slot.group.run([this, &slot] {
            if (go_on_) {
                work_(*slot.job);
            }
        });
        return true;
    }

    /// Finishes all that was handed in. False after a no.
    bool drain() {
        while (waiting_ != 0) {
            finish_oldest();
        }
        return go_on_;
    }

private:
    struct Slot {
        JobPtr job;
        oneapi::tbb::task_group group;
    };

    /// While its work is not done, this thread works too.
    void finish_oldest() {
        if (waiting_ == 0) {
            return;
        }
        Slot& slot = slots_[oldest_];
        slot.group.wait();
        const JobPtr job = std::move(slot.job);
        oldest_ = (oldest_ + 1) % slots_.size();
        --waiting_;
        if (go_on_ && !finish_(*job)) {
            go_on_ = false;
        }
    }

    std::function<void(Job&)> work_;
    std::function<bool(Job&)> finish_;
    std::optional<oneapi::tbb::global_control> limit_;
    std::vector<Slot> slots_; ///< a ring; none: the work is done at once
    std::size_t oldest_ = 0;
    std::size_t waiting_ = 0;        ///< slots in use, from oldest_ on
    std::atomic<bool> go_on_ = true; ///< read by the working threads, written by the finishing one
};

} // namespace btrkit

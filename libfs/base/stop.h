// SPDX-License-Identifier: MIT
// The wish that long work ends early and cleanly. Not std::stop_source: that one is not for signal handlers.
#pragma once

#include <atomic>

namespace btrkit {

/// Raised once, by any thread or a signal handler.
class StopFlag {
public:
    void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
    bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }

private:
    static_assert(std::atomic<bool>::is_always_lock_free);
    std::atomic<bool> requested_ = false;
};

/// What verbs ask between two pieces of work. The flag outlives it; a token without a flag never says stop.
class StopToken {
public:
    StopToken() = default;
    explicit StopToken(const StopFlag& flag) : flag_(&flag) {}

    bool stop_requested() const noexcept { return flag_ != nullptr && flag_->requested(); }

private:
    const StopFlag* flag_ = nullptr;
};

} // namespace btrkit

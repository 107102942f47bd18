// SPDX-License-Identifier: MIT
#include "apps/scrub/throttle.h"

#include <algorithm>

namespace btrkit::apps {

namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

constexpr Seconds most_credit = 100ms;          ///< what may be read at once after a pause
constexpr Seconds longest_wait = 24h * 3650;    ///< more is for ever, and no clock could count it
constexpr std::chrono::nanoseconds nap = 100ms; ///< a stop is noticed within this time

} // namespace

Throttle::Throttle(u64 bytes_per_second, const TimeSource& time, StopToken stop)
    : bytes_per_second_(static_cast<double>(bytes_per_second)), time_(time), stop_(stop),
      credit_bytes_(bytes_per_second_ * most_credit.count()), filled_(time.now()) {}

void Throttle::acquire(u64 bytes) {
    const auto end = reserve(bytes);
    for (auto now = time_.now(); now < end && !stop_.stop_requested(); now = time_.now()) {
        time_.sleep(std::min(nap, std::chrono::duration_cast<std::chrono::nanoseconds>(end - now)));
    }
}

SteadyTime Throttle::reserve(u64 bytes) {
    const std::lock_guard lock(mutex_);
    const auto now = time_.now();
    credit_bytes_ += Seconds(now - filled_).count() * bytes_per_second_;
    credit_bytes_ = std::min(credit_bytes_, bytes_per_second_ * most_credit.count()) - static_cast<double>(bytes);
    filled_ = now;
    const Seconds wait(std::max(0.0, -credit_bytes_) / bytes_per_second_);
    return now + std::chrono::duration_cast<std::chrono::nanoseconds>(std::min(wait, longest_wait));
}

} // namespace btrkit::apps

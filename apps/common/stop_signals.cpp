// SPDX-License-Identifier: MIT
#include "apps/common/stop_signals.h"

#include <atomic>
#include <cassert>
#include <cerrno>

namespace btrkit::apps {

namespace {

constexpr std::array stop_numbers = {SIGINT, SIGTERM, SIGHUP};

// What a signal handler reaches can only stand here.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<StopFlag*> raised_by_signals = nullptr;
std::atomic<int> received_number = 0;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

void set_action(int number, void (*handler)(int), struct sigaction* before) {
    struct sigaction action{};
    action.sa_handler = handler;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, before);
}

void on_signal(int number) {
    const int before = errno;
    for (const int each : stop_numbers) {
        set_action(each, SIG_DFL, nullptr);
    }
    received_number = number;
    if (StopFlag* flag = raised_by_signals) {
        flag->request();
    }
    errno = before;
}

} // namespace

StopSignals::StopSignals() {
    assert(raised_by_signals == nullptr);
    received_number = 0;
    raised_by_signals = &flag_;
    for (std::size_t i = 0; i < stop_numbers.size(); ++i) {
        set_action(stop_numbers[i], on_signal, &before_[i]);
        // What the caller has told us to ignore (nohup, background jobs of a shell) stays ignored.
        if (before_[i].sa_handler == SIG_IGN) {
            ::sigaction(stop_numbers[i], &before_[i], nullptr);
        }
    }
}

StopSignals::~StopSignals() {
    for (std::size_t i = 0; i < stop_numbers.size(); ++i) {
        ::sigaction(stop_numbers[i], &before_[i], nullptr);
    }
    raised_by_signals = nullptr;
}

std::optional<int> StopSignals::received() {
    const int number = received_number;
    return number != 0 ? std::optional(number) : std::nullopt;
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/common/progress.h"

#include "apps/common/sizes.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

using namespace std::chrono_literals;

constexpr auto quiet_time = 1s; ///< shorter work shows nothing
constexpr auto line_interval = 200ms;
constexpr auto lines_interval = 5s;
constexpr std::size_t widest_line = 79; ///< a longer one would wrap, and could not be erased

std::string amount_text(u64 amount, ProgressUnit unit) {
    return unit == ProgressUnit::bytes ? size_text(amount) : std::to_string(amount);
}

/// "0:07", "12:00", "3:05:00"
std::string duration_text(u64 seconds) {
    const u64 minutes = seconds / 60;
    return minutes < 60 ? fmt::format("{}:{:02}", minutes, seconds % 60)
                        : fmt::format("{}:{:02}:{:02}", minutes / 60, minutes % 60, seconds % 60);
}

} // namespace

ProgressDisplay::ProgressDisplay(std::string_view tool, OutputSink& err, ProgressStyle style, Clock clock)
    : tool_(tool), sink_(err), style_(style), clock_(std::move(clock)) {
    const auto now = clock_();
    switch (style_) {
    case ProgressStyle::off:
    case ProgressStyle::line_at_once: set_next_show(now); break;
    case ProgressStyle::line: set_next_show(now + quiet_time); break;
    case ProgressStyle::lines: set_next_show(now + lines_interval); break;
    }
}

ProgressDisplay::~ProgressDisplay() {
    finish();
}

void ProgressDisplay::begin_phase(std::string_view phase, u64 total, ProgressUnit unit) {
    if (style_ == ProgressStyle::off) {
        return;
    }
    const std::lock_guard lock(mutex_);
    end_phase();
    phase_ = phase;
    total_ = total;
    unit_ = unit;
    done_ = 0;
    phase_begin_ = clock_();
}

void ProgressDisplay::advance(u64 amount) {
    if (style_ == ProgressStyle::off) {
        return;
    }
    done_.fetch_add(amount, std::memory_order_relaxed);
    const auto now = clock_();
    if (now.time_since_epoch().count() < next_show_.load(std::memory_order_relaxed)) {
        return;
    }
    // Who comes while another one writes has nothing newer to show.
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock && now.time_since_epoch().count() >= next_show_) {
        show(now);
    }
}

void ProgressDisplay::finish() {
    const std::lock_guard lock(mutex_);
    end_phase();
}

void ProgressDisplay::end_phase() {
    if (style_ == ProgressStyle::lines && !phase_.empty()) {
        show(clock_());
    }
    erase_line();
    phase_.clear();
}

void ProgressDisplay::show(Time now) {
    if (phase_.empty()) {
        return;
    }
    std::string line = text(now);
    // Where standard error fails there is nobody left to tell.
    if (style_ == ProgressStyle::lines) {
        static_cast<void>(sink_.write(line + "\n"));
        set_next_show(now + lines_interval);
        return;
    }
    line.resize(std::min(line.size(), widest_line));
    const std::size_t width = line.size();
    line.resize(std::max(width, shown_width_), ' ');
    static_cast<void>(sink_.write(fmt::format("\r{}", line)));
    shown_width_ = width;
    set_next_show(now + line_interval);
}

void ProgressDisplay::erase_line() {
    if (shown_width_ > 0) {
        static_cast<void>(sink_.write(fmt::format("\r{:{}}\r", "", shown_width_)));
        shown_width_ = 0;
    }
}

std::string ProgressDisplay::text(Time now) const {
    const u64 done = done_;
    auto line = fmt::format("{}: {}: ", tool_, phase_);
    if (total_ > 0) {
        const u64 shown = std::min(done, total_);
        const auto per_cent = static_cast<unsigned>(static_cast<double>(shown) * 100 / static_cast<double>(total_));
        line += fmt::format("{} %, {} of {}", shown < total_ ? std::min(per_cent, 99U) : 100U,
                            amount_text(shown, unit_), amount_text(total_, unit_));
    } else {
        line += amount_text(done, unit_);
    }
    const double seconds = std::chrono::duration<double>(now - phase_begin_).count();
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    if (rate < 1) {
        return line;
    }
    line += fmt::format(", {}/s", amount_text(static_cast<u64>(std::min(rate, 1e18)), unit_));
    if (done < total_) {
        line += fmt::format(", {} left", duration_text(static_cast<u64>(static_cast<double>(total_ - done) / rate)));
    }
    return line;
}

Result<void> ProgressDisplay::MessageSink::write(std::string_view text) {
    const std::lock_guard lock(display_.mutex_);
    display_.erase_line();
    return display_.sink_.write(text);
}

} // namespace btrkit::apps

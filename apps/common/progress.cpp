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
constexpr unsigned usual_columns = 80; ///< where the terminal does not tell
constexpr std::size_t any_width = ~std::size_t{0};

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

ProgressDisplay::ProgressDisplay(std::string_view tool, OutputSink& err, ProgressStyle style, Clock clock,
                                 Columns columns)
    : tool_(tool), sink_(err), style_(style), clock_(std::move(clock)), columns_(std::move(columns)) {
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
    // Where standard error fails there is nobody left to tell.
    if (style_ == ProgressStyle::lines) {
        static_cast<void>(sink_.write(text(now, any_width) + "\n"));
        set_next_show(now + lines_interval);
        return;
    }
    std::string line = text(now, columns());
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

/// A line that fills the last column would wrap, and could not be erased.
std::size_t ProgressDisplay::columns() const {
    const unsigned known = columns_ ? columns_() : 0;
    return (known == 0 ? usual_columns : known) - 1;
}

std::string ProgressDisplay::text(Time now, std::size_t columns) const {
    const u64 done = done_;
    // What is least worth reading goes first where there is no room: the tool's name, how much there is, the rate.
    std::string name = fmt::format("{}: ", tool_);
    std::string share;
    std::string amount = amount_text(done, unit_);
    if (total_ > 0) {
        const u64 shown = std::min(done, total_);
        const auto per_cent = static_cast<unsigned>(static_cast<double>(shown) * 100 / static_cast<double>(total_));
        share = fmt::format("{} %", shown < total_ ? std::min(per_cent, 99U) : 100U);
        amount = fmt::format(", {} of {}", amount_text(shown, unit_), amount_text(total_, unit_));
    }
    const double seconds = std::chrono::duration<double>(now - phase_begin_).count();
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    std::string speed;
    std::string left;
    if (rate >= 1) {
        speed = fmt::format(", {}/s", amount_text(static_cast<u64>(std::min(rate, 1e18)), unit_));
    }
    if (rate >= 1 && done < total_) {
        left = fmt::format(", {} left", duration_text(static_cast<u64>(static_cast<double>(total_ - done) / rate)));
    }
    std::string line;
    for (std::string* part : {&line, &name, total_ > 0 ? &amount : &line, &speed, &left}) {
        part->clear();
        line = fmt::format("{}{}: {}{}{}{}", name, phase_, share, amount, speed, left);
        if (line.size() <= columns) {
            return line;
        }
    }
    line.resize(columns);
    return line;
}

Result<void> ProgressDisplay::MessageSink::write(std::string_view text) {
    const std::lock_guard lock(display_.mutex_);
    display_.erase_line();
    return display_.sink_.write(text);
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// Progress on standard error: "TOOL: writing files: 45 %, 1.20GiB of 2.67GiB, 210.00MiB/s, 0:07 left".
#pragma once

#include "apps/common/io_layer.h"
#include "libfs/base/output_sink.h"
#include "libfs/base/progress.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>

namespace btrkit::apps {

enum class ProgressStyle {
    off,
    line,         ///< one line of a terminal, written over and over, once the work has taken over a second
    line_at_once, ///< the same without waiting
    lines,        ///< a line every few seconds and at the end of each phase: for files and pipes
};

class ProgressDisplay final : public ProgressSink {
public:
    using Clock = std::function<std::chrono::steady_clock::time_point()>;

    /// columns: how wide the terminal is at this moment, 0 where it is not known.
    using Columns = std::function<unsigned()>;

    ProgressDisplay(std::string_view tool, OutputSink& err, ProgressStyle style,
                    Clock clock = std::chrono::steady_clock::now, Columns columns = {});
    ProgressDisplay(std::string_view tool, const Io& io, ProgressStyle style)
        : ProgressDisplay(tool, io.err, style, std::chrono::steady_clock::now, io.err_columns) {}
    /// Leaves no line behind on a terminal.
    ~ProgressDisplay() override;

    void begin_phase(std::string_view phase, u64 total, ProgressUnit unit) override;
    void advance(u64 amount) override;
    /// The last phase has ended.
    void finish();

    /// Where messages go while work goes on: the line is erased before each.
    OutputSink& err() { return messages_; }

private:
    using Time = std::chrono::steady_clock::time_point;

    class MessageSink final : public OutputSink {
    public:
        explicit MessageSink(ProgressDisplay& display) : display_(display) {}
        Result<void> write(std::string_view text) override;

    private:
        ProgressDisplay& display_;
    };

    void show(Time now);
    void end_phase();
    void erase_line();
    /// What fits into so many columns.
    std::string text(Time now, std::size_t columns) const;
    std::size_t columns() const;
    void set_next_show(Time time) { next_show_ = time.time_since_epoch().count(); }

    std::string tool_;
    OutputSink& sink_;
    ProgressStyle style_;
    Clock clock_;
    Columns columns_;
    MessageSink messages_{*this};

    std::atomic<u64> done_ = 0;
    std::atomic<Time::rep> next_show_ = 0;

    std::mutex mutex_; ///< of what follows, and of the sink
    std::string phase_;
    u64 total_ = 0;
    ProgressUnit unit_ = ProgressUnit::items;
    Time phase_begin_;
    std::size_t shown_width_ = 0;
};

} // namespace btrkit::apps

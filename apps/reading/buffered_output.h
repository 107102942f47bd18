// SPDX-License-Identifier: MIT
// Lines by the million, written in large pieces.
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/base/text_buffer.h"

namespace btrkit::apps {

/// What fails stays failed: whoever prints asks at the end, or before long work.
class BufferedOutput {
public:
    explicit BufferedOutput(OutputSink& out) : out_(out) {}

    /// For one line, or a few; then end_of_line().
    TextBuffer& text() { return text_; }
    /// Whether to go on.
    bool end_of_line() {
        if (text_.size() >= piece_bytes) {
            flush();
        }
        return written_.has_value();
    }
    Result<void> finish() {
        flush();
        return written_;
    }

private:
    static constexpr std::size_t piece_bytes = std::size_t{64} << 10;

    void flush() {
        if (written_ && !text_.empty()) {
            written_ = out_.write(text_.view());
        }
        text_.clear();
    }

    OutputSink& out_;
    TextBuffer text_;
    Result<void> written_;
};

} // namespace btrkit::apps

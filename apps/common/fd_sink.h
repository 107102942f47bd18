// SPDX-License-Identifier: MIT
// A file descriptor as a sink.
#pragma once

#include "libfs/base/output_sink.h"

namespace btrkit::apps {

class FdSink final : public OutputSink {
public:
    /// fd stays the caller's. name: how messages call it, e.g. "standard output".
    FdSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

    /// Unbuffered: gather text first. SIGPIPE must be ignored for a reader that is gone to become an Error.
    Result<void> write(std::string_view text) override;
    Result<void> write_all(std::span<const std::string_view> parts) override;

    /// What the Error said of a write that failed because the reader is gone; empty: none did.
    const std::string& closed_pipe() const { return closed_pipe_; }

private:
    Result<void> recover();

    int fd_;
    std::string name_;
    std::string closed_pipe_;
};

} // namespace btrkit::apps

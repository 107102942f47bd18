// SPDX-License-Identifier: MIT
// Where text goes that may be longer than memory. Nothing below apps/ knows what stands behind it.
#pragma once

#include "libfs/base/error.h"

#include <span>
#include <string>
#include <string_view>

namespace btrkit {

class OutputSink {
public:
    virtual ~OutputSink() = default;
    OutputSink(const OutputSink&) = delete;
    OutputSink& operator=(const OutputSink&) = delete;

    /// Takes all of text, behind all that came before. Fails with ErrorKind::io where it can't (disk full, reader
    /// gone); how much of text got through is then unknown, and nothing more should be written.
    virtual Result<void> write(std::string_view text) = 0;

    /// Takes all parts, one behind the other; as write() otherwise.
    virtual Result<void> write_all(std::span<const std::string_view> parts) {
        for (const auto part : parts) {
            BTRKIT_TRY(write(part));
        }
        return {};
    }

protected:
    OutputSink() = default;
};

/// Keeps everything: for tests, and for what is known to be short.
class StringSink final : public OutputSink {
public:
    Result<void> write(std::string_view text) override {
        text_ += text;
        return {};
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

} // namespace btrkit

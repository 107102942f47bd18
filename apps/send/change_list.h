// SPDX-License-Identifier: MIT
// What a dry run prints: a line for each path, and the sizes.
#pragma once

#include "apps/common/messages.h"
#include "libfs/base/text_buffer.h"
#include "libfs/ops/send/send.h"

namespace btrkit::apps {

class ChangeList {
public:
    virtual ~ChangeList() = default;
    ChangeList(const ChangeList&) = delete;
    ChangeList& operator=(const ChangeList&) = delete;

    virtual void begin_subvolume(const send::SentSubvolume& subvolume) = 0;
    virtual void add(const send::ChangedPath& path) = 0;
    /// All that is left to say.
    virtual void end(const send::Report& report) = 0;

    /// What went wrong with writing, after which nothing more is written.
    const std::optional<Error>& failure() const { return failure_; }

protected:
    explicit ChangeList(OutputSink& out) : out_(out) {}

    void put_line(const std::string& line) { put_text(line + "\n"); }
    /// Whole lines.
    void put_text(std::string_view lines);
    void flush();

private:
    OutputSink& out_;
    std::string text_;
    std::optional<Error> failure_;
};

/// For eyes; quiet: the sizes alone. out outlives it.
std::unique_ptr<ChangeList> text_change_list(OutputSink& out, Verbosity verbosity);
/// The lines of docs/json-schema-send.md.
std::unique_ptr<ChangeList> json_change_list(OutputSink& out);

} // namespace btrkit::apps

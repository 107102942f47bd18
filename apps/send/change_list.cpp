// SPDX-License-Identifier: MIT
#include "apps/send/change_list.h"

#include "apps/common/sizes.h"
#include "apps/send/report_json.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr std::size_t most_gathered = std::size_t{64} << 10;

std::string name_text(const send::SentSubvolume& subvolume) {
    return subvolume.name.empty() ? fmt::format("subvolume {}", subvolume.id)
                                  : fmt::format("{} ({})", printable(subvolume.name), subvolume.id);
}

std::string bytes_text(u64 bytes) {
    return fmt::format("{} ({})", plural(bytes, "byte"), size_text(bytes));
}

class TextChangeList final : public ChangeList {
public:
    TextChangeList(OutputSink& out, Verbosity verbosity) : ChangeList(out), has_paths_(verbosity != Verbosity::quiet) {}

    void begin_subvolume(const send::SentSubvolume& subvolume) override {
        if (has_paths_) {
            put_line(subvolume.parent_id
                         ? fmt::format("{}, against subvolume {}:", name_text(subvolume), *subvolume.parent_id)
                         : fmt::format("{}, whole:", name_text(subvolume)));
        }
    }

    void add(const send::ChangedPath& path) override {
        if (!has_paths_) {
            return;
        }
        const auto from = path.from.empty() ? "" : printable(path.from) + " -> ";
        const auto size = path.data_bytes == 0 ? "" : fmt::format(" ({})", size_text(path.data_bytes));
        put_line(fmt::format("{} {}{}{}", word(path.change), from, printable(path.path), size));
    }

    void end(const send::Report& report) override {
        for (const auto& subvolume : report.sent) {
            put_line(fmt::format("Stream of {}: {}", name_text(subvolume), bytes_text(subvolume.stream_bytes)));
        }
        if (report.sent.size() > 1) {
            put_line(fmt::format("All streams: {}", bytes_text(report.stream_bytes)));
        }
        flush();
    }

private:
    bool has_paths_;
};

class JsonChangeList final : public ChangeList {
public:
    explicit JsonChangeList(OutputSink& out) : ChangeList(out) {}

    void begin_subvolume(const send::SentSubvolume& subvolume) override {
        put_header();
        subvolume_ = subvolume.id;
    }

    void add(const send::ChangedPath& path) override { put(changed_path_json(subvolume_, path)); }

    void end(const send::Report& report) override {
        put_header();
        for (const auto& subvolume : report.sent) {
            put({{"sent", sent_subvolume_json(subvolume)}});
        }
        for (const auto& skipped : report.skipped) {
            put({{"skipped", skipped_json(skipped)}});
        }
        put({{"end", {{"stream_bytes", report.stream_bytes}, {"skipped_count", report.skipped_count}}}});
        flush();
    }

private:
    void put(const Json& object) { put_text(json_line(object)); }
    void put_header() {
        if (!has_header_) {
            put(begin_document(change_list_document));
            has_header_ = true;
        }
    }

    bool has_header_ = false;
    u64 subvolume_ = 0;
};

} // namespace

void ChangeList::put_text(std::string_view lines) {
    text_ += lines;
    if (text_.size() >= most_gathered) {
        flush();
    }
}

void ChangeList::flush() {
    if (!failure_ && !text_.empty()) {
        if (const auto written = out_.write(text_); !written) {
            failure_ = written.error();
        }
    }
    text_.clear();
}

std::unique_ptr<ChangeList> text_change_list(OutputSink& out, Verbosity verbosity) {
    return std::make_unique<TextChangeList>(out, verbosity);
}

std::unique_ptr<ChangeList> json_change_list(OutputSink& out) {
    return std::make_unique<JsonChangeList>(out);
}

} // namespace btrkit::apps

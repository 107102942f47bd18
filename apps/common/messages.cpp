// SPDX-License-Identifier: MIT
#include "apps/common/messages.h"

#include "apps/common/colours.h"
#include "apps/common/exit_status.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

namespace btrkit::apps {

namespace {

std::string_view colour_of(spdlog::level::level_enum level) {
    switch (level) {
    case spdlog::level::err: return colour::red;
    case spdlog::level::warn: return colour::yellow;
    default: return {};
    }
}

class LogToSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    LogToSink(OutputSink& err, bool in_colours) : err_(err), in_colours_(in_colours) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        const std::string_view text(line.data(), line.size());
        const auto paint = in_colours_ ? colour_of(message.level) : std::string_view();
        const auto name = text.substr(0, paint.empty() ? 0 : message.color_range_end);
        // Where standard error fails there is nobody left to tell.
        static_cast<void>(
            err_.write(paint.empty() ? std::string(text)
                                     : fmt::format("{}{}{}{}", paint, name, colour::none, text.substr(name.size()))));
    }
    void flush_() override {}

    OutputSink& err_;
    bool in_colours_;
};

LogLevel level_of(Verbosity verbosity) {
    switch (verbosity) {
    case Verbosity::quiet: return LogLevel::error;
    case Verbosity::normal: return LogLevel::info;
    case Verbosity::verbose: break;
    }
    return LogLevel::debug;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::debug: break;
    }
    return spdlog::level::debug;
}

std::string one_line(std::string_view prefix, std::string_view text) {
    std::string line(prefix);
    line += text;
    std::ranges::replace_if(line, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, '?');
    return line;
}

} // namespace

MessageStyle::MessageStyle(Verbosity chosen) : verbosity(chosen), level(level_of(chosen)) {}

Messages::Messages(std::string_view tool, OutputSink& err, MessageStyle style)
    : log_(std::make_unique<spdlog::logger>(std::string(tool), std::make_shared<LogToSink>(err, style.in_colours))),
      verbosity_(style.verbosity) {
    log_->set_pattern("%^%n:%$ %v");
    log_->set_level(spdlog_level(style.level));
}

Messages::~Messages() = default;

void Messages::error(std::string_view text) {
    ++error_count_;
    log_->log(spdlog::level::err, one_line("", text));
}

void Messages::warning(std::string_view text) {
    log_->log(spdlog::level::warn, one_line("warning: ", text));
}

void Messages::note(std::string_view text) {
    log_->log(spdlog::level::info, one_line("note: ", text));
}

void Messages::detail(std::string_view text) {
    log_->log(spdlog::level::debug, one_line("", text));
}

void Messages::problem(const Problem& problem) {
    if (problem.severity() == Severity::note) {
        note(describe(problem));
    } else {
        error("error: " + describe(problem));
    }
}

int Messages::exit_status() const {
    return error_count_ == 0 ? exit_done : exit_failed;
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/common/messages.h"

#include "apps/common/exit_status.h"

#include <algorithm>
#include <mutex>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

namespace btrkit::apps {

namespace {

class LogToSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit LogToSink(OutputSink& err) : err_(err) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        // Where standard error fails there is nobody left to tell.
        static_cast<void>(err_.write({line.data(), line.size()}));
    }
    void flush_() override {}

    OutputSink& err_;
};

spdlog::level::level_enum level_of(Verbosity verbosity) {
    switch (verbosity) {
    case Verbosity::quiet: return spdlog::level::err;
    case Verbosity::normal: return spdlog::level::info;
    case Verbosity::verbose: break;
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

Messages::Messages(std::string_view tool, OutputSink& err, Verbosity verbosity)
    : log_(std::make_unique<spdlog::logger>(std::string(tool), std::make_shared<LogToSink>(err))),
      verbosity_(verbosity) {
    log_->set_pattern("%n: %v");
    log_->set_level(level_of(verbosity));
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

// SPDX-License-Identifier: MIT
#include "apps/common/command_line.h"

#include "apps/common/did_you_mean.h"
#include "apps/common/exit_status.h"
#include "apps/common/help_text.h"
#include "apps/common/sizes.h"
#include "apps/common/version.h"
#include "formats/btrfs/superblock.h"

#include <algorithm>
#include <array>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr const char* shared_group = "Manners of all tools";

LogLevel parse_log_level(const std::string& text) {
    constexpr std::array words = std::to_array<std::pair<std::string_view, LogLevel>>({
        {"error", LogLevel::error},
        {"warning", LogLevel::warning},
        {"info", LogLevel::info},
        {"debug", LogLevel::debug},
    });
    const auto word = std::ranges::find(words, text, [](const auto& entry) { return entry.first; });
    if (word == words.end()) {
        throw CLI::ValidationError("--log-level", fmt::format("'{}' is not one of error, warning, info, debug", text));
    }
    return word->second;
}

/// What parse() complains of; of options that are not known, those they may be misspelt for.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
    std::string text = error.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) {
        return text;
    }
    std::vector<std::string> known;
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) {
            known.push_back("--" + name);
        }
    }
    for (const auto& word : app.remaining()) {
        const auto name = word.substr(0, word.find('='));
        if (const auto hint = name.starts_with("--") ? did_you_mean(name, known) : ""; !hint.empty()) {
            return text + hint;
        }
    }
    return text;
}

using Parser = std::optional<u64> (*)(std::string_view);

CLI::Option* add_parsed(CLI::App& app, const std::string& names, std::optional<u64>& value, const std::string& what,
                        Parser parser, const std::string& kind) {
    const auto store = [&value, names, parser, kind](const std::string& text) {
        value = parser(text);
        if (!value) {
            throw CLI::ValidationError(names, fmt::format("'{}' is no {}", text, kind));
        }
    };
    return app.add_option_function<std::string>(names, store, what)->take_last();
}

} // namespace

CommandLine::CommandLine(Tool tool)
    : tool_(std::move(tool)), app_(std::make_unique<CLI::App>("", std::string(tool_.name))) {
    app_->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app_->add_flag(tool_.has_short_quiet ? "-q,--quiet" : "--quiet", quiet_, "print errors only")->group(shared_group);
    app_->add_flag(tool_.has_short_verbose ? "-v,--verbose" : "--verbose", verbose_, "print more")->group(shared_group);
    app_->add_option_function<std::string>(
            "--log-level", [this](const std::string& text) { log_level_ = parse_log_level(text); },
            "what standard error gets: error, warning, info or debug")
        ->option_text("LEVEL")
        ->group(shared_group);
    app_->set_help_flag(tool_.has_short_help ? "-h,--help" : "--help", "what fits a screen")->group(shared_group);
    app_->set_help_all_flag("--help-all", "all options with what they mean")->group(shared_group);
    app_->set_version_flag("-V,--version", "", "the version, and the libraries it was built with")->group(shared_group);
}

CommandLine::~CommandLine() = default;

void CommandLine::add_images(std::vector<std::string>& images) {
    add_image_operands(images);
}

void CommandLine::add_one_image(std::vector<std::string>& images) {
    add_image_operands(images)->expected(1)->allow_extra_args(false);
}

CLI::Option* CommandLine::add_image_operands(std::vector<std::string>& images) {
    images_ = &images;
    auto* operands = app_->add_option("IMAGE", images)->required();
    app_->add_option("--member", members_, "a further device of the same filesystem; repeatable")
        ->option_text("FILE")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
    return operands;
}

void CommandLine::add_format(OutputFormat& format, bool has_lines) {
    const std::string words = has_lines ? "text, json or lines" : "text or json";
    const auto store = [&format, words, has_lines](const std::string& text) {
        if (text == "text") {
            format = OutputFormat::text;
        } else if (text == "json") {
            format = OutputFormat::json;
        } else if (text == "lines" && has_lines) {
            format = OutputFormat::lines;
        } else {
            throw CLI::ValidationError("--format", fmt::format("'{}' is not one of {}", text, words));
        }
    };
    app_->add_option_function<std::string>("--format", store, words + " (default text)")->option_text("FORMAT");
}

void CommandLine::add_threads(unsigned& threads) {
    static constexpr unsigned most_threads = 256;
    threads = std::max(1U, std::thread::hardware_concurrency());
    const auto store = [&threads](const std::string& text) {
        const auto number = parse_number(text);
        if (!number || *number == 0 || *number > most_threads) {
            throw CLI::ValidationError("--threads", fmt::format("'{}' is not from 1 to {}", text, most_threads));
        }
        threads = static_cast<unsigned>(*number);
    };
    app_->add_option_function<std::string>("--threads", store, "how many to use; the output is the same")
        ->option_text("N");
}

void CommandLine::add_progress(const std::string& names) {
    app_->add_flag(names, progress_forced_, "show progress even without a terminal")->group(shared_group);
}

CLI::Option* CommandLine::add_number(const std::string& names, std::optional<u64>& number, const std::string& what) {
    return add_parsed(*app_, names, number, what, parse_number, "number")->option_text("N");
}

CLI::Option* CommandLine::add_size(const std::string& names, std::optional<u64>& size_bytes, const std::string& what) {
    return add_parsed(*app_, names, size_bytes, what, parse_size, "size")->option_text("SIZE");
}

void CommandLine::add_super(std::optional<unsigned>& mirror, const std::string& names) {
    const auto store = [&mirror](const std::string& text) {
        const auto number = parse_number(text);
        if (!number || *number >= btrfs::superblock_offsets.size()) {
            throw CLI::ValidationError("--super", fmt::format("'{}' is no superblock mirror, 0 to {}", text,
                                                              btrfs::superblock_offsets.size() - 1));
        }
        mirror = static_cast<unsigned>(*number);
    };
    app_->add_option_function<std::string>(names, store, "use this superblock mirror, 0 to 2")->option_text("N");
}

std::optional<int> CommandLine::parse(std::span<const std::string> arguments, Io& io) {
    std::vector<std::string> from_the_back(arguments.rbegin(), arguments.rend());
    try {
        app_->parse(from_the_back);
    } catch (const CLI::CallForHelp&) {
        return print(io, help_.empty() ? help() : help_);
    } catch (const CLI::CallForAllHelp&) {
        return print(io, help_.empty() ? help_head() + options_text(*app_, shared_group) : help_);
    } catch (const CLI::CallForVersion&) {
        return print(io, version_text(tool_.name, tool_.libraries));
    } catch (const CLI::ParseError& error) {
        return wrong_usage(io, complaint(*app_, error));
    }
    if (images_ != nullptr) {
        images_->insert(images_->end(), members_.begin(), members_.end());
    }
    return std::nullopt;
}

int CommandLine::wrong_usage(Io& io, std::string_view what) const {
    Messages messages(tool_.name, io.err, Verbosity::quiet);
    messages.error(fmt::format("{} (see {} --help)", what, called()));
    return exit_usage;
}

void CommandLine::begin_group(const std::string& heading) {
    app_->option_defaults()->group(heading);
}

MessageStyle CommandLine::message_style(const Io& io) const {
    MessageStyle style(verbosity());
    style.level = log_level_.value_or(style.level);
    style.in_colours = io.err_is_terminal && io.has_colours;
    return style;
}

Verbosity CommandLine::verbosity() const {
    if (quiet_) {
        return Verbosity::quiet;
    }
    return verbose_ ? Verbosity::verbose : Verbosity::normal;
}

ProgressStyle CommandLine::progress_style(const Io& io) const {
    if (progress_forced_) {
        return io.err_is_terminal ? ProgressStyle::line_at_once : ProgressStyle::lines;
    }
    return io.err_is_terminal && !quiet_ ? ProgressStyle::line : ProgressStyle::off;
}

std::string CommandLine::help() const {
    const auto head = help_head();
    const auto lines_of = [](const std::string& text) {
        return static_cast<std::size_t>(std::ranges::count(text, '\n'));
    };
    if (auto whole = head + options_text(*app_, shared_group); lines_of(whole) <= help_lines) {
        return whole;
    }
    const auto end = fmt::format("\nAll options with what they mean: {} --help-all\n", called());
    const auto most_lines = help_lines - lines_of(head) - lines_of(end);
    return head + options_text_within(*app_, shared_group, most_lines) + end;
}

std::string CommandLine::help_head() const {
    return fmt::format("Usage: {} [OPTIONS] {}\n{}\n\n", called(), tool_.operands, tool_.summary);
}

std::string CommandLine::called() const {
    return tool_.verb.empty() ? std::string(tool_.name) : fmt::format("{} {}", tool_.name, tool_.verb);
}

int CommandLine::print(Io& io, std::string_view text) const {
    if (const auto written = io.out.write(text); !written) {
        Messages messages(tool_.name, io.err, Verbosity::quiet);
        messages.error(written.error());
        return exit_failed;
    }
    return exit_done;
}

} // namespace btrkit::apps

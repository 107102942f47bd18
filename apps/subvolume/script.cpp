// SPDX-License-Identifier: MIT
#include "apps/subvolume/script.h"

#include "apps/subvolume/change_verbs.h"
#include "libfs/base/names.h"

#include <map>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// Takes a line apart, character by character.
class LineWords {
public:
    explicit LineWords(std::string_view line) : rest_(line) {}

    Result<std::vector<std::string>> all() {
        while (!rest_.empty()) {
            const char c = take();
            if (c == ' ' || c == '\t' || c == '\r') {
                end_word();
            } else if (c == '#' && !word_) {
                break;
            } else if (c == '\'' || c == '"') {
                BTRKIT_TRY(take_quoted(c));
            } else {
                BTRKIT_TRY(add(c, c == '\\'));
            }
        }
        end_word();
        return std::move(words_);
    }

private:
    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    /// The character behind it, if this one is a backslash that escapes.
    Result<void> add(char c, bool escapes) {
        if (escapes && rest_.empty()) {
            return fail(ErrorKind::usage, "there is nothing behind the backslash at the end");
        }
        word_.emplace(word_.value_or("")) += escapes ? take() : c;
        return {};
    }

    Result<void> take_quoted(char quote) {
        word_.emplace(word_.value_or(""));
        while (!rest_.empty()) {
            const char c = take();
            if (c == quote) {
                return {};
            }
            const bool can_escape = c == '\\' && quote == '"' && !rest_.empty();
            BTRKIT_TRY(add(c, can_escape && (rest_.front() == '"' || rest_.front() == '\\')));
        }
        return fail(ErrorKind::usage, fmt::format("the quote {} does not end", quote));
    }

    void end_word() {
        if (word_) {
            words_.push_back(std::move(*word_));
            word_.reset();
        }
    }

    std::string_view rest_;
    std::optional<std::string> word_; ///< that has begun
    std::vector<std::string> words_;
};

/// One verb's options, used line by line: to declare them takes longer than to read a line.
class LineParser {
public:
    explicit LineParser(const ChangeVerb& verb) : verb_(verb) {
        app_.set_help_flag();
        app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        verb.declare(app_, flags_);
    }

    Result<std::vector<subvolume::Change>> parse(std::span<const std::string> arguments) {
        flags_ = {};
        std::vector<std::string> from_the_back(arguments.rbegin(), arguments.rend());
        try {
            app_.parse(from_the_back);
        } catch (const CLI::ParseError& error) {
            return fail(ErrorKind::usage, error.what());
        }
        return verb_.make(flags_);
    }

private:
    const ChangeVerb& verb_;
    ChangeFlags flags_;
    CLI::App app_;
};

class ScriptParser {
public:
    Result<std::vector<subvolume::Change>> parse_line(std::string_view line) {
        BTRKIT_TRY_ASSIGN(const auto words, words_of_line(line));
        if (words.empty()) {
            return std::vector<subvolume::Change>();
        }
        const auto* verb = find_change_verb(words);
        if (verb == nullptr) {
            return fail(ErrorKind::usage,
                        fmt::format("there is no verb '{}' that changes something", printable(words.front())));
        }
        auto& parser = parsers_[verb];
        if (!parser) {
            parser = std::make_unique<LineParser>(*verb);
        }
        return parser->parse(std::span(words).subspan(verb->word_count()));
    }

private:
    std::map<const ChangeVerb*, std::unique_ptr<LineParser>> parsers_;
};

} // namespace

Result<std::vector<std::string>> words_of_line(std::string_view line) {
    return LineWords(line).all();
}

Result<std::vector<subvolume::Command>> parse_script(std::string_view text) {
    ScriptParser parser;
    std::vector<subvolume::Command> commands;
    for (u64 line = 1; !text.empty(); ++line) {
        const auto end = std::min(text.find('\n'), text.size());
        auto changes = parser.parse_line(text.substr(0, end));
        if (!changes) {
            return fail(changes.error().kind, fmt::format("line {}: {}", line, changes.error().message));
        }
        for (auto& change : *changes) {
            commands.push_back({.change = std::move(change), .line = line});
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return commands;
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// The verbs of a tool that changes images: their options and operands, declared once for the command line and for lines
// of a script (script_words.h), and the changes that come of them.
#pragma once

#include "apps/changing/script_words.h"
#include "libfs/base/address.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::apps {

/// Flags: the options and operands of all verbs of the tool. Change: one thing that is to be done.
template <class FlagsOfAll, class ChangeOfTool>
struct ChangeVerb {
    using Flags = FlagsOfAll;
    using Change = ChangeOfTool;

    std::array<std::string_view, 2> words; ///< the second one may be empty
    std::string_view operands;             ///< behind IMAGE
    std::string_view summary;
    void (*declare)(CLI::App& app, Flags& flags);
    /// Fails with usage.
    Result<std::vector<Change>> (*make)(const Flags& flags);

    std::string name() const { return fmt::format("{}", fmt::join(std::span(words).first(word_count()), " ")); }
    std::size_t word_count() const { return words[1].empty() ? 1 : 2; }
};

/// The one that the words begin with; null where there is none.
template <class Verb>
const Verb* find_verb(std::span<const Verb> verbs, std::span<const std::string> words) {
    const auto found = std::ranges::find_if(verbs, [&](const Verb& verb) {
        const auto own = std::span(verb.words).first(verb.word_count());
        return words.size() >= own.size() && std::ranges::equal(own, words.first(own.size()));
    });
    return found == verbs.end() ? nullptr : &*found;
}

/// One verb's options, used line by line: to declare them takes longer than to read a line.
template <class Verb>
class LineParser {
public:
    explicit LineParser(const Verb& verb) : verb_(verb) {
        app_.set_help_flag();
        app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        verb.declare(app_, flags_);
    }

    Result<std::vector<typename Verb::Change>> parse(std::span<const std::string> arguments) {
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
    const Verb& verb_;
    typename Verb::Flags flags_;
    CLI::App app_;
};

/// All changes of a script, each a Command: {change, line}. Fails with usage, naming the line: "line 3: ...". Nothing
/// of a script is done where any of it is wrong.
template <class Command, class Verb>
Result<std::vector<Command>> parse_script(std::span<const Verb> verbs, std::string_view text) {
    std::map<const Verb*, std::unique_ptr<LineParser<Verb>>> parsers;
    const auto parse_line = [&](std::string_view line) -> Result<std::vector<typename Verb::Change>> {
        BTRKIT_TRY_ASSIGN(const auto words, words_of_line(line));
        if (words.empty()) {
            return std::vector<typename Verb::Change>();
        }
        const Verb* verb = find_verb(verbs, std::span(words));
        if (verb == nullptr) {
            return fail(ErrorKind::usage,
                        fmt::format("there is no verb '{}' that changes something", printable(words.front())));
        }
        auto& parser = parsers[verb];
        if (!parser) {
            parser = std::make_unique<LineParser<Verb>>(*verb);
        }
        return parser->parse(std::span(words).subspan(verb->word_count()));
    };
    std::vector<Command> all;
    for (u64 line = 1; !text.empty(); ++line) {
        const auto end = std::min(text.find('\n'), text.size());
        auto changes = parse_line(text.substr(0, end));
        if (!changes) {
            return fail(changes.error().kind, fmt::format("line {}: {}", line, changes.error().message));
        }
        for (auto& change : *changes) {
            all.push_back({.change = std::move(change), .line = line});
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
#include "apps/common/colours.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

struct Beginning {
    std::string_view text;
    std::string_view colour;
};
constexpr auto first_words = std::to_array<Beginning>({
    {"error:", colour::red},
    {"corrected:", colour::green},
    {"note:", colour::cyan},
});
constexpr auto verdict_lines = std::to_array<Beginning>({
    {"Verdict: clean", colour::green},
    {"Verdict: corrected", colour::green},
    {"Verdict: unknown", colour::yellow},
    {"Verdict: ", colour::red},
});

const Beginning* find_beginning(std::string_view line, auto& beginnings) {
    const auto found =
        std::ranges::find_if(beginnings, [&](const Beginning& each) { return line.starts_with(each.text); });
    return found == beginnings.end() ? nullptr : &*found;
}

std::string line_in_colours(std::string_view line) {
    if (const auto* verdict = find_beginning(line, verdict_lines)) {
        return fmt::format("{}{}{}", verdict->colour, line, colour::none);
    }
    if (const auto* word = find_beginning(line, first_words)) {
        return fmt::format("{}{}{}{}", word->colour, word->text, colour::none, line.substr(word->text.size()));
    }
    return std::string(line);
}

} // namespace

bool are_colours_wanted() {
    const char* const unwanted = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    const bool has_colours = terminal != nullptr && *terminal != '\0' && std::string_view(terminal) != "dumb";
    return has_colours && (unwanted == nullptr || *unwanted == '\0');
}

std::string in_colours(std::string_view report) {
    std::string text;
    while (!report.empty()) {
        const auto line = report.substr(0, report.find('\n'));
        report.remove_prefix(line.size());
        text += line_in_colours(line);
        if (!report.empty()) {
            text += '\n';
            report.remove_prefix(1);
        }
    }
    return text;
}

} // namespace btrkit::apps

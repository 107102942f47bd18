// SPDX-License-Identifier: MIT
#include "apps/common/help_text.h"

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr std::size_t names_width = 20; ///< of longer names the description begins where there is room
constexpr std::size_t description_column = 2 + names_width + 2;

/// "-s, --super N"
std::string names_of(const CLI::Option& option) {
    std::string names;
    const auto add = [&](std::string_view dashes, const std::string& name) {
        names += names.empty() ? "" : ", ";
        names += dashes;
        names += name;
    };
    for (const auto& name : option.get_snames()) {
        add("-", name);
    }
    for (const auto& name : option.get_lnames()) {
        add("--", name);
    }
    if (!option.get_option_text().empty()) {
        names += " " + option.get_option_text();
    }
    return names;
}

/// Words in lines that end before the last column, all but the first one indented.
std::string wrapped(std::string_view text) {
    constexpr std::size_t width = help_columns - 1 - description_column;
    std::string lines;
    std::size_t used = 0;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (used > 0 && used + 1 + word.size() > width) {
            lines += fmt::format("\n{:{}}", "", description_column);
            used = 0;
        }
        lines += fmt::format("{}{}", used > 0 ? " " : "", word);
        used += word.size() + (used > 0 ? 1 : 0);
    }
    return lines;
}

std::string option_text(const CLI::Option& option) {
    const auto names = names_of(option);
    if (names.size() <= names_width) {
        return fmt::format("  {:<{}}  {}\n", names, names_width, wrapped(option.get_description()));
    }
    auto line = fmt::format("  {}  {}\n", names, option.get_description());
    return line.size() <= help_columns
               ? line
               : fmt::format("  {}\n{:{}}{}\n", names, "", description_column, wrapped(option.get_description()));
}

} // namespace

std::string options_text(const CLI::App& app, std::string_view last_group) {
    std::vector<std::string> groups;
    for (const auto* option : app.get_options()) {
        const auto& group = option->get_group();
        const bool is_new = std::ranges::find(groups, group) == groups.end();
        if (option->nonpositional() && !group.empty() && group != last_group && is_new) {
            groups.push_back(group);
        }
    }
    groups.emplace_back(last_group);
    std::string text;
    for (const auto& group : groups) {
        text += group + ":\n";
        for (const auto* option : app.get_options()) {
            if (option->nonpositional() && option->get_group() == group) {
                text += option_text(*option);
            }
        }
    }
    return text;
}

} // namespace btrkit::apps

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

/// Words in lines that end before the last column. The first line begins at that column, the others are indented.
std::string wrapped(std::string_view text, std::size_t first_column = description_column,
                    std::size_t indent = description_column) {
    std::string lines;
    std::size_t column = first_column;
    bool begins_line = true;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (!begins_line && column + 1 + word.size() > help_columns - 1) {
            lines += fmt::format("\n{:{}}", "", indent);
            column = indent;
            begins_line = true;
        }
        lines += fmt::format("{}{}", begins_line ? "" : " ", word);
        column += word.size() + (begins_line ? 0 : 1);
        begins_line = false;
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

std::vector<std::string> groups_of(const CLI::App& app, std::string_view last_group) {
    std::vector<std::string> groups;
    for (const auto* option : app.get_options()) {
        const auto& group = option->get_group();
        const bool is_new = std::ranges::find(groups, group) == groups.end();
        if (option->nonpositional() && !group.empty() && group != last_group && is_new) {
            groups.push_back(group);
        }
    }
    groups.emplace_back(last_group);
    return groups;
}

std::vector<const CLI::Option*> options_of(const CLI::App& app, const std::string& group) {
    std::vector<const CLI::Option*> options;
    for (const auto* option : app.get_options()) {
        if (option->nonpositional() && option->get_group() == group) {
            options.push_back(option);
        }
    }
    return options;
}

std::string group_text(const CLI::App& app, const std::string& group) {
    std::string text = group + ":\n";
    for (const auto* option : options_of(app, group)) {
        text += option_text(*option);
    }
    return text;
}

/// "Heading: --first, --second", each by its longest kind of name. Who reads help needs no names of options for that.
std::string names_text(const CLI::App& app, const std::string& group) {
    std::string names;
    for (const auto* option : options_of(app, group)) {
        if (option == app.get_help_ptr() || option == app.get_help_all_ptr()) {
            continue;
        }
        const auto& long_names = option->get_lnames();
        names += names.empty() ? "" : ", ";
        names += long_names.empty() ? "-" + option->get_snames().front() : "--" + long_names.front();
    }
    const auto heading = group + ": ";
    return fmt::format("{}{}\n", heading, wrapped(names, heading.size(), 2));
}

std::size_t line_count(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

} // namespace

std::string options_text(const CLI::App& app, std::string_view last_group) {
    std::string text;
    for (const auto& group : groups_of(app, last_group)) {
        text += group_text(app, group);
    }
    return text;
}

std::string options_text_within(const CLI::App& app, std::string_view last_group, std::size_t most_lines) {
    const auto groups = groups_of(app, last_group);
    std::vector<std::string> texts;
    std::size_t lines = 0;
    for (const auto& group : groups) {
        texts.push_back(names_text(app, group));
        lines += line_count(texts.back());
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
        auto whole = group_text(app, groups[i]);
        const auto lines_with_it = lines - line_count(texts[i]) + line_count(whole);
        if (lines_with_it <= most_lines) {
            texts[i] = std::move(whole);
            lines = lines_with_it;
        }
    }
    return fmt::format("{}", fmt::join(texts, ""));
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// What --help prints of the options: groups with a heading each, in lines that fit a terminal.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace btrkit::apps {

inline constexpr std::size_t help_columns = 80;
inline constexpr std::size_t help_lines = 24;

/// All options that have a group, each group in the order in which its first option was declared, but last_group behind
/// all others.
std::string options_text(const CLI::App& app, std::string_view last_group);

/// The same in at most so many lines, where that is possible: the names alone of groups for which there is no room. The
/// first groups have it first.
std::string options_text_within(const CLI::App& app, std::string_view last_group, std::size_t most_lines);

} // namespace btrkit::apps

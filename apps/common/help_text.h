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

/// All options that have a group, each group in the order in which its first option was declared, but last_group behind
/// all others.
std::string options_text(const CLI::App& app, std::string_view last_group);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// Colours on terminals.
#pragma once

#include <string>
#include <string_view>

namespace btrkit::apps {

namespace colour {
inline constexpr std::string_view red = "\x1b[1;31m";
inline constexpr std::string_view yellow = "\x1b[1;33m";
inline constexpr std::string_view green = "\x1b[1;32m";
inline constexpr std::string_view cyan = "\x1b[1;36m";
inline constexpr std::string_view none = "\x1b[0m";
} // namespace colour

/// Whether the environment has nothing against them: NO_COLOR (https://no-color.org) or a terminal that has none.
bool are_colours_wanted();

/// A report of check or scrub: the words that lines begin with ("error:", "corrected:", "note:"), and the verdict.
std::string in_colours(std::string_view report);

} // namespace btrkit::apps

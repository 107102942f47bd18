// SPDX-License-Identifier: MIT
// ASCII letters without regard to the locale, and to their case.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace btrkit {

constexpr char lower_case(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

inline std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) { return lower_case(c); });
    return lower;
}

/// Whether both are the same word, in whatever case.
constexpr bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return lower_case(x) == lower_case(y); });
}

} // namespace btrkit

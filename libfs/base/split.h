// SPDX-License-Identifier: MIT
// Text taken apart at a separator.
#pragma once

#include <ranges>
#include <string_view>
#include <vector>

namespace btrkit {

/// The parts between the separators, at least one; they point into the text.
inline std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (const auto part : std::views::split(text, separator)) {
        parts.emplace_back(part.begin(), part.end());
    }
    if (parts.empty()) {
        parts.emplace_back(); // std::views::split makes no part of an empty text
    }
    return parts;
}

} // namespace btrkit

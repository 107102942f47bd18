// SPDX-License-Identifier: MIT
#include "apps/common/shell_word.h"

#include <algorithm>
#include <string_view>

namespace btrkit::apps {

std::string shell_word(const std::string& word) {
    const bool is_plain = !word.empty() && std::ranges::all_of(word, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._-/+:,=@%").find(c) != std::string_view::npos;
    });
    if (is_plain) {
        return word;
    }
    std::string text = "'";
    for (const char c : word) {
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return text + "'";
}

} // namespace btrkit::apps

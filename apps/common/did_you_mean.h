// SPDX-License-Identifier: MIT
// What somebody who mistyped a word may have meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace btrkit::apps {

/// The one of known that is nearest to word: at most two letters added, dropped, changed or swapped with their
/// neighbour, and fewer than half of the word's; nothing where none is.
std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> known);

/// "; did you mean 'X'?", or nothing
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

} // namespace btrkit::apps

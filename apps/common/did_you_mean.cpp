// SPDX-License-Identifier: MIT
#include "apps/common/did_you_mean.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr std::size_t longest_word = 64; ///< longer ones are no options, and the table grows with the square
constexpr std::size_t most_edits = 2;

/// How many letters must be added, dropped, changed or swapped with their neighbour (optimal string alignment).
std::size_t edits_between(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            auto& here = edits[i][j];
            if (i == 0 || j == 0) {
                here = i + j;
                continue;
            }
            const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
            here = std::min({edits[i - 1][j] + 1, edits[i][j - 1] + 1, edits[i - 1][j - 1] + changed});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                here = std::min(here, edits[i - 2][j - 2] + 1);
            }
        }
    }
    return edits[a.size()][b.size()];
}

} // namespace

std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> known) {
    if (word.size() > longest_word) {
        return std::nullopt;
    }
    std::optional<std::string> nearest;
    std::size_t fewest = most_edits + 1;
    for (const auto& each : known) {
        const std::size_t edits = edits_between(word, each);
        if (edits < fewest && edits * 2 < word.size()) {
            fewest = edits;
            nearest = each;
        }
    }
    return nearest;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
    const auto nearest = nearest_word(word, known);
    return nearest ? fmt::format("; did you mean '{}'?", *nearest) : "";
}

} // namespace btrkit::apps

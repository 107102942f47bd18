// SPDX-License-Identifier: MIT
#include "apps/common/text_table.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::apps {

std::string percent_text(u64 part, u64 whole) {
    return whole == 0
               ? "-"
               : fmt::format("{}%", static_cast<u64>(100 * static_cast<double>(part) / static_cast<double>(whole)));
}

void TextTable::add_head(std::vector<std::string> cells) {
    rows_.push_back(std::move(cells));
    add_rule();
}

void TextTable::add_rule() {
    ruled_.push_back(rows_.size());
    rows_.emplace_back();
}

std::string TextTable::text() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t column = 0; column < row.size(); ++column) {
            widths[column] = std::max(widths[column], row[column].size());
        }
    }
    std::string text;
    for (std::size_t number = 0; number < rows_.size(); ++number) {
        const auto& row = rows_[number];
        const bool is_rule = std::ranges::find(ruled_, number) != ruled_.end();
        std::string line;
        for (std::size_t column = 0; column < (is_rule ? widths.size() : row.size()); ++column) {
            line += column == 0 ? "" : " ";
            if (is_rule) {
                line += std::string(widths[column], '-');
            } else if (std::ranges::find(left_, column) != left_.end()) {
                line += fmt::format("{:<{}}", row[column], widths[column]);
            } else {
                line += fmt::format("{:>{}}", row[column], widths[column]);
            }
        }
        line.resize(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

} // namespace btrkit::apps

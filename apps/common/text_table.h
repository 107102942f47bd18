// SPDX-License-Identifier: MIT
// Columns of text, as wide as they need to be.
#pragma once

#include "libfs/base/address.h"

#include <string>
#include <string_view>
#include <vector>

namespace btrkit::apps {

/// "73%"; "-" where the whole is nothing.
std::string percent_text(u64 part, u64 whole);

/// Rows may be shorter than others. Columns are parted by one space.
class TextTable {
public:
    /// left: those of its columns that are aligned to the left; all others are to the right.
    explicit TextTable(std::vector<std::size_t> left = {}) : left_(std::move(left)) {}

    void add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    /// With a line of dashes below it.
    void add_head(std::vector<std::string> cells);
    /// A line of dashes.
    void add_rule();
    std::string text() const;

private:
    std::vector<std::size_t> left_;
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::size_t> ruled_; ///< rows that are to be a line of dashes
};

} // namespace btrkit::apps

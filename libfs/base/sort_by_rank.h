// SPDX-License-Identifier: MIT
// Sorting by what is dear to work out, such as a hash: once for each, not for each comparison.
#pragma once

#include "libfs/base/bytes.h"

#include <algorithm>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace btrkit {

/// By what rank_of() gives of each; what has the same rank keeps its order.
template <class Item, class RankOf>
void sort_by_rank(std::span<Item> items, RankOf rank_of) {
    if (items.size() < 2) {
        return;
    }
    using Rank = std::remove_cvref_t<std::invoke_result_t<RankOf, const Item&>>;
    std::vector<std::pair<Rank, std::size_t>> ranked;
    ranked.reserve(items.size());
    for (const Item& item : items) {
        ranked.emplace_back(rank_of(item), ranked.size());
    }
    if (std::ranges::is_sorted(ranked)) {
        return;
    }
    std::ranges::sort(ranked);
    std::vector<Item> sorted;
    sorted.reserve(items.size());
    for (const auto& [rank, from] : ranked) {
        sorted.push_back(std::move(items[from]));
    }
    std::ranges::move(sorted, items.begin());
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
// A bit for each of very many things, most of them zero.
#pragma once

#include "libfs/base/address.h"

#include <algorithm>
#include <bitset>
#include <memory>
#include <unordered_map>
#include <vector>

namespace btrkit {

/// Numbers from 0 to 2^64-1; memory goes with the number of neighbourhoods (4096 numbers) that have a bit set.
class SparseBits {
public:
    bool test(u64 number) const {
        const auto page = pages_.find(number / page_bits);
        return page != pages_.end() && page->second->test(number % page_bits);
    }
    /// Returns whether it was set before.
    bool set(u64 number) {
        auto& page = pages_[number / page_bits];
        if (!page) {
            page = std::make_unique<Page>();
        }
        const bool before = page->test(number % page_bits);
        page->set(number % page_bits);
        return before;
    }

    /// Calls visit(number) for each that is set here and not in other, in ascending order.
    template <class Visit>
    void for_each_not_in(const SparseBits& other, Visit&& visit) const {
        std::vector<u64> numbers;
        for (const auto& [page_number, page] : pages_) {
            const auto there = other.pages_.find(page_number);
            const Page rest = there == other.pages_.end() ? *page : *page & ~*there->second;
            for (u64 bit = 0; rest.any() && bit < page_bits; ++bit) {
                if (rest.test(bit)) {
                    numbers.push_back(page_number * page_bits + bit);
                }
            }
        }
        std::ranges::sort(numbers);
        std::ranges::for_each(numbers, visit);
    }

private:
    static constexpr u64 page_bits = 4096;
    using Page = std::bitset<page_bits>;
    std::unordered_map<u64, std::unique_ptr<Page>> pages_;
};

} // namespace btrkit

// SPDX-License-Identifier: MIT
// A histogram of ranges by their size.
#pragma once

#include "libfs/base/address.h"

#include <algorithm>
#include <array>
#include <bit>

namespace btrkit::usage {

struct SizeClass {
    u64 count = 0;
    u64 bytes = 0;
};

/// Classes whose borders are four times as large from one to the next: below 16 KiB, below 64 KiB, ..., from 1 GiB on.
class SizeClasses {
public:
    static constexpr std::size_t class_count = 10;
    static constexpr unsigned first_border_bits = 14;

    /// The smallest size that is not in the class, but above it; 0: all sizes from the border before are in it.
    static constexpr u64 end_of(std::size_t number) {
        return number + 1 == class_count ? 0 : u64{1} << (first_border_bits + 2 * number);
    }
    static constexpr u64 begin_of(std::size_t number) { return number == 0 ? 0 : end_of(number - 1); }

    void add(u64 size_bytes) {
        const auto bits = static_cast<unsigned>(std::bit_width(size_bytes));
        const unsigned above = bits > first_border_bits ? (bits - first_border_bits + 1) / 2 : 0;
        auto& found = classes_[std::min<std::size_t>(above, class_count - 1)];
        ++found.count;
        found.bytes += size_bytes;
        largest_ = std::max(largest_, size_bytes);
    }
    void add(const SizeClasses& other) {
        for (std::size_t i = 0; i < class_count; ++i) {
            classes_[i].count += other.classes_[i].count;
            classes_[i].bytes += other.classes_[i].bytes;
        }
        largest_ = std::max(largest_, other.largest_);
    }

    const std::array<SizeClass, class_count>& classes() const { return classes_; }
    u64 largest_bytes() const { return largest_; }
    u64 count() const {
        u64 sum = 0;
        for (const auto& each : classes_) {
            sum += each.count;
        }
        return sum;
    }
    u64 bytes() const {
        u64 sum = 0;
        for (const auto& each : classes_) {
            sum += each.bytes;
        }
        return sum;
    }

private:
    std::array<SizeClass, class_count> classes_ = {};
    u64 largest_ = 0;
};

} // namespace btrkit::usage

// SPDX-License-Identifier: MIT
// Sets of addresses, as ranges.
#pragma once

#include "libfs/base/address.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace btrkit {

/// From start up to, but without, end: logical addresses, or bytes of a device or file, or numbers of inodes.
struct Range {
    u64 start = 0;
    u64 end = 0;

    u64 length() const { return end - start; }
    friend constexpr auto operator<=>(const Range&, const Range&) = default;
};

/// That many bytes from start on, cut where addresses end.
constexpr Range range_from(u64 start, u64 length_bytes) {
    return {start, start + std::min(length_bytes, ~u64{0} - start)};
}

/// Disjoint ranges in ascending order; neighbours that touch are one. In one piece of memory: what is changed in the
/// middle moves all behind it, what is appended moves nothing.
class RangeSet {
public:
    /// start must not lie before the start of the last range that was added; what overlaps is merged. Empty ranges
    /// are passed over.
    void append(Range range) {
        if (range.start >= range.end) {
            return;
        }
        if (!ranges_.empty() && range.start <= ranges_.back().end) {
            ranges_.back().end = std::max(ranges_.back().end, range.end);
        } else {
            ranges_.push_back(range);
        }
    }
    /// Anywhere; what is there already stays.
    void insert(Range range);
    /// What is not there need not be.
    void erase(Range range);

    std::span<const Range> ranges() const& { return ranges_; }
    /// Of a set that ends here, for loops over what a function returns: compilers of before 2024 let it end before the
    /// loop begins.
    std::vector<Range> ranges() && { return std::move(ranges_); }
    bool empty() const { return ranges_.empty(); }
    u64 length() const {
        u64 sum = 0;
        for (const Range range : ranges_) {
            sum += range.length();
        }
        return sum;
    }
    /// The ranges that have something in common with that one, uncut.
    std::span<const Range> touching(Range range) const& {
        const auto first = std::ranges::upper_bound(ranges_, range.start, {}, &Range::end);
        const auto last = std::lower_bound(first, ranges_.end(), range.end,
                                           [](const Range& one, u64 end) { return one.start < end; });
        return {first, last};
    }
    std::span<const Range> touching(Range range) && = delete;
    bool intersects(Range range) const { return !touching(range).empty(); }
    bool intersects(const RangeSet& other) const;
    bool covers(Range range) const {
        const auto found = touching(range);
        return range.start >= range.end ||
               (found.size() == 1 && found[0].start <= range.start && range.end <= found[0].end);
    }
    bool contains(u64 address) const {
        const auto found = first_from(address);
        return found && found->start == address;
    }
    /// The first range that has an address from that one on, without what lies before it.
    std::optional<Range> first_from(u64 address) const;
    /// The first part of a window that is in no range, up to the next range or the window's end.
    std::optional<Range> first_gap(Range window) const;
    /// What lies in a window.
    RangeSet within(Range window) const;
    u64 total_bytes() const;

    friend bool operator==(const RangeSet&, const RangeSet&) = default;

private:
    std::vector<Range> ranges_;
};

/// Of ranges in any order, which may overlap.
RangeSet set_of(std::vector<Range> ranges);
/// What is in `from` and not in `less`.
RangeSet difference(const RangeSet& from, const RangeSet& less);
/// What is in one of them, or in both.
RangeSet united(const RangeSet& one, const RangeSet& other);

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/base/range_set.h"

namespace btrkit {

void RangeSet::insert(Range range) {
    if (range.start >= range.end) {
        return;
    }
    // Those that it overlaps or touches become one with it.
    const auto first = std::ranges::lower_bound(ranges_, range.start, {}, &Range::end);
    const auto last =
        std::upper_bound(first, ranges_.end(), range.end, [](u64 end, const Range& one) { return end < one.start; });
    if (first == last) {
        ranges_.insert(first, range);
        return;
    }
    *first = {std::min(first->start, range.start), std::max(std::prev(last)->end, range.end)};
    ranges_.erase(std::next(first), last);
}

void RangeSet::erase(Range range) {
    const auto hit = touching(range);
    if (hit.empty() || range.start >= range.end) {
        return;
    }
    const Range before = {hit.front().start, range.start};
    const Range behind = {range.end, hit.back().end};
    auto first = ranges_.begin() + (hit.data() - ranges_.data());
    const auto last = first + static_cast<std::ptrdiff_t>(hit.size());
    const bool keeps_before = before.start < before.end;
    const bool keeps_behind = behind.start < behind.end;
    if (keeps_before && keeps_behind && hit.size() == 1) {
        *first = before;
        ranges_.insert(last, behind);
        return;
    }
    if (keeps_before) {
        *first++ = before;
    }
    if (keeps_behind) {
        *first++ = behind;
    }
    ranges_.erase(first, last);
}

bool RangeSet::intersects(const RangeSet& other) const {
    auto next = ranges_.begin();
    for (const Range& range : other.ranges_) {
        while (next != ranges_.end() && next->end <= range.start) {
            ++next;
        }
        if (next == ranges_.end()) {
            return false;
        }
        if (next->start < range.end) {
            return true;
        }
    }
    return false;
}

std::optional<Range> RangeSet::first_from(u64 address) const {
    const auto found = std::ranges::upper_bound(ranges_, address, {}, &Range::end);
    return found == ranges_.end() ? std::nullopt : std::optional<Range>({std::max(found->start, address), found->end});
}

std::optional<Range> RangeSet::first_gap(Range window) const {
    if (window.start >= window.end) {
        return std::nullopt;
    }
    auto next = std::ranges::upper_bound(ranges_, window.start, {}, &Range::end);
    if (next != ranges_.end() && next->start <= window.start) {
        window.start = next->end;
        ++next;
    }
    if (next != ranges_.end()) {
        window.end = std::min(window.end, next->start);
    }
    return window.start < window.end ? std::optional(window) : std::nullopt;
}

RangeSet RangeSet::within(Range window) const {
    RangeSet result;
    for (const Range& range : touching(window)) {
        result.append({std::max(range.start, window.start), std::min(range.end, window.end)});
    }
    return result;
}

u64 RangeSet::total_bytes() const {
    u64 bytes = 0;
    for (const Range& range : ranges_) {
        bytes += range.length();
    }
    return bytes;
}

RangeSet set_of(std::vector<Range> ranges) {
    std::ranges::sort(ranges);
    RangeSet set;
    for (const Range range : ranges) {
        set.append(range);
    }
    return set;
}

RangeSet difference(const RangeSet& from, const RangeSet& less) {
    RangeSet result;
    auto cut = less.ranges().begin();
    for (Range range : from.ranges()) {
        while (cut != less.ranges().end() && cut->end <= range.start) {
            ++cut;
        }
        for (auto next = cut; next != less.ranges().end() && next->start < range.end; ++next) {
            result.append({range.start, std::min(next->start, range.end)});
            range.start = std::max(range.start, next->end);
        }
        result.append(range);
    }
    return result;
}

RangeSet united(const RangeSet& one, const RangeSet& other) {
    RangeSet result;
    auto next = other.ranges().begin();
    for (const Range& range : one.ranges()) {
        for (; next != other.ranges().end() && next->start < range.start; ++next) {
            result.append(*next);
        }
        result.append(range);
    }
    for (; next != other.ranges().end(); ++next) {
        result.append(*next);
    }
    return result;
}

} // namespace btrkit

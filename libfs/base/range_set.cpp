// SPDX-License-Identifier: MIT
#include "libfs/base/range_set.h"

namespace btrkit {

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

} // namespace btrkit

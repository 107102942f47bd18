// SPDX-License-Identifier: MIT
// Ranges in any order, many of them more than once, on their way to a set.
#pragma once

#include "libfs/base/range_set.h"

#include <vector>

namespace btrkit::repair {

class RangeCollector {
public:
    void add(Range range) {
        waiting_.push_back(range);
        if (waiting_.size() == most_waiting) {
            merge();
        }
    }
    RangeSet finish() && {
        merge();
        return std::move(all_);
    }

private:
    static constexpr std::size_t most_waiting = std::size_t{1} << 20;

    void merge() {
        all_ = united(all_, set_of(std::move(waiting_)));
        waiting_.clear();
    }

    RangeSet all_;
    std::vector<Range> waiting_;
};

} // namespace btrkit::repair

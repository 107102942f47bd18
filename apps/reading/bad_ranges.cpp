// SPDX-License-Identifier: MIT
#include "apps/reading/bad_ranges.h"

#include <fmt/format.h>

namespace btrkit::apps {

void BadRanges::add(const ContentRun& run) {
    bytes_ += run.length;
    if (!ranges_.empty() && ranges_.back().end == run.offset) {
        ranges_.back().end += run.length;
    } else if (ranges_.size() < most_ranges) {
        ranges_.push_back({.begin = run.offset, .end = run.offset + run.length, .why = *run.damage});
    } else {
        is_cut_ = true;
    }
}

void BadRanges::tell(const std::function<void(const std::string&)>& line) const {
    for (const auto& range : ranges_) {
        line(fmt::format("bytes {} to {} are bad: {}", range.begin, range.end - 1, range.why.message));
    }
    if (is_cut_) {
        line(fmt::format("{} bytes are bad in all; ranges behind the first {} are not told", bytes_, most_ranges));
    }
}

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// Which bytes of a file are bad, in words.
#pragma once

#include "libfs/fs/file_contents.h"

#include <functional>
#include <string>
#include <vector>

namespace btrkit::apps {

/// Ranges that touch are one. Kept up to a bound; all are counted.
class BadRanges {
public:
    struct BadRange {
        u64 begin = 0;
        u64 end = 0;
        Error why;
    };

    /// In order of their offsets.
    void add(const ContentRun& run);

    u64 bytes() const { return bytes_; }
    const std::vector<BadRange>& ranges() const { return ranges_; }
    bool is_cut() const { return is_cut_; }

    /// A line for each: "bytes 4096 to 8191 are bad: why".
    void tell(const std::function<void(const std::string&)>& line) const;

private:
    static constexpr std::size_t most_ranges = 1000;

    std::vector<BadRange> ranges_;
    u64 bytes_ = 0;
    bool is_cut_ = false;
};

} // namespace btrkit::apps

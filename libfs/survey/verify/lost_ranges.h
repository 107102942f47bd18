// SPDX-License-Identifier: MIT
// What a cursor passed over, as ranges of one part of its keys.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/tree/cursor.h"

#include <set>

namespace btrkit::survey {

class LostRanges {
public:
    /// Looks at what the cursor has met since the last call. part: the objectid or offset of a key. Returns what was
    /// lost now; nothing in most cases.
    std::optional<Range> note(const Cursor& cursor, u64 btrfs::Key::* part) {
        std::optional<Range> now;
        for (const auto& damage = cursor.damage(); seen_ < damage.size(); ++seen_) {
            const auto& keys = damage[seen_].place.keys;
            if (!keys) {
                continue;
            }
            // Items with the number at which the next block begins may be lost too.
            const u64 end = keys->end ? (*keys->end).*part : ~u64{0};
            const Range range{keys->first.*part, std::max(end, keys->first.*part) + (end == ~u64{0} ? 0 : 1)};
            all_.insert(range);
            now = now ? Range{std::min(now->start, range.start), std::max(now->end, range.end)} : range;
        }
        return now;
    }

    const std::set<Range>& all() const { return all_; }

private:
    std::size_t seen_ = 0;
    std::set<Range> all_;
};

} // namespace btrkit::survey

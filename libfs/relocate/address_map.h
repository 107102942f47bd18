// SPDX-License-Identifier: MIT
// Where ranges of logical addresses have gone.
#pragma once

#include "libfs/base/range_set.h"

#include <optional>
#include <vector>

namespace btrkit {

class AddressMap {
public:
    struct Move {
        Range from;
        u64 to = 0;

        Range target() const { return {to, to + from.length()}; }
    };

    /// Ranges ascend and don't overlap. What goes on where the one before ends, on both sides, is one with it if it may
    /// be: the map grows with the holes between extents, not with extents. No stretch may lie in two chunks, before or
    /// after.
    void append(Range from, u64 to, bool may_join = true) {
        if (may_join && !moves_.empty() && moves_.back().from.end == from.start && moves_.back().target().end == to) {
            moves_.back().from.end = from.end;
        } else {
            moves_.push_back({from, to});
        }
    }

    /// Where an address is now; nothing where it stayed.
    std::optional<u64> find(u64 address) const {
        const auto behind =
            std::ranges::upper_bound(moves_, address, {}, [](const Move& move) { return move.from.start; });
        if (behind == moves_.begin() || address >= std::prev(behind)->from.end) {
            return std::nullopt;
        }
        return std::prev(behind)->to + (address - std::prev(behind)->from.start);
    }

    std::span<const Move> moves() const { return moves_; }
    bool empty() const { return moves_.empty(); }
    u64 total_bytes() const {
        u64 sum = 0;
        for (const auto& move : moves_) {
            sum += move.from.length();
        }
        return sum;
    }

private:
    std::vector<Move> moves_;
};

} // namespace btrkit

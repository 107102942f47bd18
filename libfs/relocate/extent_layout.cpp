// SPDX-License-Identifier: MIT
#include "libfs/relocate/extent_layout.h"

#include <algorithm>
#include <utility>

namespace btrkit {

void ExtentLayout::sort() {
    std::ranges::sort(parts_, [](const ExtentPart& one, const ExtentPart& other) {
        return std::pair(one.extent, one.offset) < std::pair(other.extent, other.offset);
    });
    std::ranges::sort(run_starts_);
    std::ranges::sort(moved_, {}, [](const AddressMap::Move& move) { return move.from.start; });
    kept_set_ = set_of(std::exchange(kept_, {}));
    recast_set_ = set_of(std::exchange(recast_, {}));
    for (const auto& move : moved_) {
        moves_.append(move.from, move.to, false); // neighbours may lie in different chunks
    }
}

std::span<const ExtentPart> ExtentLayout::parts_of(u64 extent) const {
    const auto found = std::ranges::equal_range(parts_, extent, {}, &ExtentPart::extent);
    return {found.begin(), found.end()};
}

bool ExtentLayout::begins_run(std::size_t target, u64 offset) const {
    return std::ranges::binary_search(run_starts_, RunStart{target, offset});
}

u64 ExtentLayout::run_end(std::size_t target, u64 offset) const {
    const auto next = std::ranges::lower_bound(run_starts_, RunStart{target, offset});
    return next != run_starts_.end() && next->target == target ? next->offset : extents_[target].plain_bytes;
}

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/survey/sharing/shared_extents.h"

#include <algorithm>

namespace btrkit::survey {

void SharedExtents::add(const SharedExtent& extent) {
    if (extent.address < from_ || extent.address >= end_) {
        return;
    }
    if (extents_.size() >= most_) {
        make_room();
        if (extent.address >= end_) {
            return;
        }
    }
    extents_.push_back(extent);
}

/// After that, extents are in order and none stands twice.
void SharedExtents::merge() {
    if (merged_ == extents_.size()) {
        return;
    }
    std::ranges::sort(extents_, {}, [](const SharedExtent& one) { return std::pair(one.address, one.detail); });
    std::size_t kept = 0;
    for (const auto& extent : extents_) {
        if (kept != 0 && extents_[kept - 1].address == extent.address) {
            auto& same = extents_[kept - 1];
            same.roots = sets_->unite(same.roots, extent.roots);
            same.below = sets_->unite(same.below, extent.below);
        } else {
            extents_[kept++] = extent;
        }
    }
    extents_.resize(kept);
    merged_ = kept;
}

/// Makes at least half of the places free.
void SharedExtents::make_room() {
    merge();
    const std::size_t half = most_ / 2;
    if (extents_.size() <= half) {
        return;
    }
    if (keeps_all_) {
        most_ *= 2;
    } else {
        end_ = extents_[half].address;
        extents_.resize(half);
        merged_ = half;
    }
}

std::span<const SharedExtent> SharedExtents::settled() {
    merge();
    return extents_;
}

} // namespace btrkit::survey

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

/// What all of one address say together.
SharedExtent SharedExtents::united(std::span<const SharedExtent> same) const {
    SharedExtent all = same.front();
    if (same.size() > 1) {
        std::vector<RootSets::Id> roots;
        std::vector<RootSets::Id> below;
        for (const auto& extent : same) {
            roots.push_back(extent.roots);
            below.push_back(extent.below);
        }
        all.roots = sets_->unite_all(std::move(roots));
        all.below = sets_->unite_all(std::move(below));
    }
    return all;
}

/// After that, extents are in order and none stands twice.
void SharedExtents::merge() {
    if (merged_ == extents_.size()) {
        return;
    }
    std::ranges::sort(extents_, {}, [](const SharedExtent& one) { return std::pair(one.address, one.detail); });
    std::size_t kept = 0;
    for (std::size_t begin = 0; begin < extents_.size();) {
        std::size_t end = begin + 1;
        while (end < extents_.size() && extents_[end].address == extents_[begin].address) {
            ++end;
        }
        extents_[kept++] = united(std::span(extents_).subspan(begin, end - begin));
        begin = end;
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

// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/tree_extents.h"

#include "libfs/space/extent_item.h"

namespace btrkit::survey {

const UsedExtent* TreeExtents::find(u64 at) {
    if (!begun_ || at < asked_) {
        seek(at);
    }
    asked_ = at;
    while (current_ && current_->range.end <= at) {
        step();
    }
    return current_ ? &*current_ : nullptr;
}

/// Stands at or before the first extent that ends behind that address: it may have begun long before.
void TreeExtents::seek(u64 at) {
    begun_ = true;
    current_.reset();
    pending_lost_.reset();
    cursor_.seek({at - std::min(at, longest_bytes_), 0, 0});
    find_extent();
}

void TreeExtents::step() {
    if (pending_lost_) {
        pending_lost_.reset();
    } else if (cursor_.valid()) {
        cursor_.next();
    }
    find_extent();
}

/// Goes on from where the cursor stands to the next extent.
void TreeExtents::find_extent() {
    const auto& geometry = reader_.geometry();
    current_.reset();
    while (true) {
        if (const auto lost = lost_.note(cursor_, &btrfs::Key::objectid)) {
            pending_lost_ = UsedExtent{.range = *lost, .kind = UsedExtent::Kind::lost};
        }
        if (pending_lost_) {
            current_ = pending_lost_;
            return;
        }
        if (!cursor_.valid()) {
            return;
        }
        const auto key = cursor_.key();
        const auto extent = parse_extent(key, cursor_.data(), geometry);
        if (extent && extent->length_bytes > 0 && extent->bytenr + extent->length_bytes > extent->bytenr) {
            longest_bytes_ = std::max(longest_bytes_, extent->length_bytes);
            current_ = UsedExtent{.range = {extent->bytenr, extent->bytenr + extent->length_bytes}};
            if (!extent->is_data()) {
                current_->kind = UsedExtent::Kind::block;
                current_->range.end = extent->bytenr + geometry.nodesize;
                current_->promise = {.address = {extent->bytenr},
                                     .generation = extent->generation,
                                     .level = extent->level,
                                     .tree = owner_of_block(*extent, key, cursor_.data())};
            }
            return;
        }
        cursor_.next();
    }
}

} // namespace btrkit::survey

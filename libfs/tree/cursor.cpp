// SPDX-License-Identifier: MIT
#include "libfs/tree/cursor.h"

namespace btrkit {

bool Cursor::seek(const btrfs::Key& key) {
    walk_.emplace(*reader_, root_, WalkOrder::leaves_only, KeyRange{.first = key});
    return enter_next_leaf(key);
}

bool Cursor::next() {
    if (++slot_ < leaf_->block().count()) {
        return true;
    }
    return enter_next_leaf(btrfs::Key::min());
}

bool Cursor::enter_next_leaf(const btrfs::Key& from) {
    while (const auto promise = walk_->next()) {
        leaf_.emplace(*reader_, *promise);
        damage_.insert(damage_.end(), leaf_->problems().begin(), leaf_->problems().end());
        if (!leaf_->is_proven()) {
            missed_items_ = true;
            // Of a malformed node, the walk still goes on to what lies below it.
            if (leaf_->state() == BlockState::lost || promise->level == 0) {
                damage_.push_back(lost_range(*promise));
            }
            continue;
        }
        for (slot_ = 0; slot_ < leaf_->block().count(); ++slot_) {
            if (leaf_->block().key(slot_) >= from) {
                return true;
            }
        }
    }
    leaf_.reset();
    return false;
}

} // namespace btrkit

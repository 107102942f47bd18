// SPDX-License-Identifier: MIT
#include "libfs/fs/item_range.h"

namespace btrkit {

ItemRange::ItemRange(const BlockReader& reader, const Promise& root, const KeyRange& keys)
    : reader_(&reader), keys_(keys), walk_(reader, root, WalkOrder::leaves_only, keys) {}

ItemRange::ItemRange(const BlockReader& reader, const Promise& root, u64 objectid, u8 type)
    : ItemRange(reader, root, KeyRange::items_of(objectid, type)) {}

Result<bool> ItemRange::next() {
    if (!leaf_ || slot_ + 1 >= leaf_->block().count()) {
        return enter_next_leaf();
    }
    ++slot_;
    return stay_in_range();
}

bool ItemRange::stay_in_range() {
    if (keys_.ends_before(key())) {
        leaf_.reset();
    }
    return valid();
}

Result<bool> ItemRange::enter_next_leaf() {
    while (const auto promise = walk_.next()) {
        leaf_.emplace(*reader_, *promise);
        if (!leaf_->is_proven()) {
            const Problem problem = leaf_->problems().empty() ? lost_range(*promise) : leaf_->problems().back();
            leaf_.reset();
            return fail(ErrorKind::damaged, describe(problem));
        }
        for (slot_ = 0; slot_ < leaf_->block().count(); ++slot_) {
            if (key() >= keys_.first) {
                return stay_in_range();
            }
        }
    }
    leaf_.reset();
    return false;
}

Error item_error(ProblemCode code, u64 tree, const btrfs::Key& key, std::string detail) {
    return {ErrorKind::damaged, describe({code, {.tree = tree, .key = key}, std::move(detail)})};
}

} // namespace btrkit

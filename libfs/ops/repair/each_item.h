// SPDX-License-Identifier: MIT
// The items of a range of keys, as they will be.
#pragma once

#include "libfs/base/key_range.h"
#include "libfs/tree/tree_buffer.h"

namespace btrkit::repair {

/// Calls visit(BufferedItem) -> Result<void> for each item of the range, in key order; it may change the tree. Fails as
/// the tree and as visit do.
template <class Visit>
Result<void> for_each_item(TreeBuffer& tree, const KeyRange& range, Visit&& visit) {
    for (KeyRange rest = range;;) {
        BTRKIT_TRY_ASSIGN(const auto item, tree.first_from(rest.first));
        if (!item || rest.ends_before(item->key)) {
            return {};
        }
        BTRKIT_TRY(visit(*item));
        if (item->key == btrfs::Key::max()) {
            return {};
        }
        rest.first = btrfs::next_key(item->key);
    }
}

/// All items of an inode.
constexpr KeyRange items_of_inode(u64 inode) {
    return KeyRange::through({inode, 0, 0}, {inode, 0xff, ~u64{0}});
}

} // namespace btrkit::repair

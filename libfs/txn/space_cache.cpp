// SPDX-License-Identifier: MIT
#include "libfs/txn/space_cache.h"

#include "formats/btrfs/free_space.h"
#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"

#include <set>

namespace btrkit {

namespace {

/// Headers of the cache, whose keys have no type.
ItemRange cache_headers(const Filesystem& filesystem) {
    return {filesystem.reader(), filesystem.root_tree().block, btrfs::free_space_objectid, 0};
}

} // namespace

bool has_space_cache(const Filesystem& filesystem) {
    auto headers = cache_headers(filesystem);
    return headers.next().value_or(false);
}

Result<void> drop_space_cache(Transaction& transaction) {
    const auto& committed = transaction.committed();
    BTRKIT_TRY_ASSIGN(auto* roots, transaction.tree(btrfs::root_tree_id));
    std::set<u64> inodes;
    auto headers = cache_headers(committed);
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, headers.next());
        if (!is_there) {
            break;
        }
        if (const auto* header = view_at<btrfs::FreeSpaceHeader>(headers.data())) {
            inodes.insert(header->location.to_key().objectid);
        }
        BTRKIT_TRY(roots->erase(headers.key()));
    }
    for (const u64 inode : inodes) {
        ItemRange items(committed.reader(), committed.root_tree().block,
                        KeyRange::through({inode, 0, 0}, {inode, 0xff, ~u64{0}}));
        for (;;) {
            BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
            if (!is_there) {
                break;
            }
            if (items.key().type == btrfs::item_type::inode_item || items.key().type == btrfs::item_type::extent_data) {
                BTRKIT_TRY(roots->erase(items.key()));
            }
        }
    }
    return {};
}

} // namespace btrkit

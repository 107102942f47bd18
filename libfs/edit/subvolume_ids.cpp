// SPDX-License-Identifier: MIT
#include "libfs/edit/subvolume_ids.h"

#include "formats/btrfs/item_types.h"

#include <algorithm>

namespace btrkit {

Result<std::vector<u64>> subvolume_ids(Transaction& transaction) {
    BTRKIT_TRY_ASSIGN(auto* roots, transaction.tree(btrfs::root_tree_id));
    std::vector<u64> ids;
    for (u64 id = btrfs::fs_tree_id;;) {
        BTRKIT_TRY_ASSIGN(const auto item, roots->first_from({id, btrfs::item_type::root_item, 0}));
        if (!item || item->key.objectid > btrfs::last_free_objectid) {
            return ids;
        }
        if (item->key.objectid != id) {
            id = std::max(item->key.objectid, btrfs::first_free_objectid);
            continue;
        }
        if (item->key.type == btrfs::item_type::root_item) {
            ids.push_back(id);
        }
        id = std::max(id + 1, btrfs::first_free_objectid);
    }
}

} // namespace btrkit

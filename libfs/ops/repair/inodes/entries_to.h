// SPDX-License-Identifier: MIT
// What entries say of inodes, wherever in the tree they stand: for inodes that can't say it themselves.
#pragma once

#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/each_item.h"
#include "libfs/ops/repair/names/name_form.h"

#include <algorithm>
#include <map>
#include <set>

namespace btrkit::repair {

struct EntriesTo {
    btrfs::FileType file_type = btrfs::FileType::unknown;
    std::set<u64> directories = {}; ///< in which they stand
};

/// Calls visit(NameForm) -> void for every entry of the tree that leads to an inode of it.
template <class Visit>
Result<void> for_each_entry_in(TreeBuffer& tree, Visit&& visit) {
    return for_each_item(tree, KeyRange{}, [&](const BufferedItem& item) -> Result<void> {
        if (item.key.type == btrfs::item_type::dir_item || item.key.type == btrfs::item_type::dir_index) {
            std::ranges::for_each(name_forms_in(item.key, item.body), visit);
        }
        return {};
    });
}

/// Of all these inodes, in one pass over the whole tree; nothing of those that no entry leads to.
Result<std::map<u64, EntriesTo>> find_entries_to(TreeBuffer& tree, const std::set<u64>& inodes);

} // namespace btrkit::repair

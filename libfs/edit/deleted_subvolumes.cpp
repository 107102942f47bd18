// SPDX-License-Identifier: MIT
#include "libfs/edit/deleted_subvolumes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

bool is_deleted(const Filesystem& filesystem, u64 id) {
    ItemRange roots(filesystem.reader(), filesystem.root_tree().block, id, type::root_item);
    return roots.next().value_or(false) && roots.data().size() >= btrfs::legacy_root_item_size &&
           whole_root_item(roots.data()).item.refs == 0;
}

} // namespace

Result<std::vector<u64>> deleted_subvolumes(const Filesystem& filesystem) {
    std::vector<u64> found;
    ItemRange orphans(filesystem.reader(), filesystem.root_tree().block, btrfs::orphan_objectid, type::orphan_item);
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, orphans.next());
        if (!is_there) {
            return found;
        }
        const u64 id = orphans.key().offset;
        if (is_subvolume(id) && id != btrfs::fs_tree_id && is_deleted(filesystem, id)) {
            found.push_back(id);
        }
    }
}

Result<void> finish_deletions(Transaction& transaction, std::span<const u64> subvolumes) {
    for (const u64 id : subvolumes) {
        BTRKIT_TRY_ASSIGN(const auto* tree, transaction.tree_if_any(id));
        if (tree == nullptr) {
            continue;
        }
        BTRKIT_TRY(transaction.drop_tree(id));
        BTRKIT_TRY_ASSIGN(auto* roots, transaction.tree(btrfs::root_tree_id));
        BTRKIT_TRY(roots->erase({btrfs::orphan_objectid, type::orphan_item, id}));
    }
    return {};
}

} // namespace btrkit

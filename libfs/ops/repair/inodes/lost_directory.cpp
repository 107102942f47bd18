// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/inodes/lost_directory.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/new_inode.h"
#include "libfs/ops/repair/inodes/lost_and_found.h"

#include <sys/stat.h>

namespace btrkit::repair {

Result<bool> make_lost_directory(Transaction& transaction, const PlaceInTree& dir, Time now) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(dir.tree));
    BTRKIT_TRY_ASSIGN(const auto there, tree->first_from({dir.inode, 0, 0}));
    const bool is_possible = dir.inode > btrfs::root_dir_inode && dir.inode <= btrfs::last_free_objectid;
    if (!is_possible || (there && there->key.objectid == dir.inode)) {
        return false;
    }
    Inode inode;
    inode.number = dir.inode;
    inode.generation = inode.transid = transaction.generation();
    inode.nlink = 1;
    inode.mode = S_IFDIR | 0700;
    inode.atime = inode.ctime = inode.mtime = inode.otime = now;
    const auto item = inode_item_of(inode);
    const btrfs::Key key = {dir.inode, btrfs::item_type::inode_item, 0};
    tree->put(key, as_bytes_of(item));
    BTRKIT_TRY_ASSIGN(const bool has_name, put_into_lost_and_found(transaction, dir, now));
    if (!has_name) {
        BTRKIT_TRY(tree->erase(key));
    }
    return has_name;
}

} // namespace btrkit::repair

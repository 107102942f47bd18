// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/inodes/lost_directory.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/new_inode.h"
#include "libfs/ops/repair/inodes/entries_to.h"
#include "libfs/ops/repair/inodes/lost_and_found.h"
#include "libfs/ops/repair/names/tree_names.h"

#include <sys/stat.h>

namespace btrkit::repair {

namespace {

Result<bool> is_lost(TreeBuffer& tree, u64 inode) {
    if (inode <= btrfs::root_dir_inode || inode > btrfs::last_free_objectid) {
        return false;
    }
    BTRKIT_TRY_ASSIGN(const auto there, tree.first_from({inode, 0, 0}));
    return !there || there->key.objectid != inode;
}

void put_directory(TreeBuffer& tree, u64 number, u64 generation, Time now) {
    Inode inode;
    inode.number = number;
    inode.generation = inode.transid = generation;
    inode.nlink = 1;
    inode.mode = S_IFDIR | 0700;
    inode.atime = inode.ctime = inode.mtime = inode.otime = now;
    const auto item = inode_item_of(inode);
    tree.put({number, btrfs::item_type::inode_item, 0}, as_bytes_of(item));
}

} // namespace

Result<void> make_lost_directories(Transaction& transaction, u64 tree_id, std::set<u64> directories, Time now) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(tree_id));
    for (auto inode = directories.begin(); inode != directories.end();) {
        BTRKIT_TRY_ASSIGN(const bool is_missing, is_lost(*tree, *inode));
        inode = is_missing ? std::next(inode) : directories.erase(inode);
    }
    if (directories.empty()) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(auto entries, find_entries_to(*tree, directories));
    TreeNames names(*tree, transaction.geometry(), transaction.generation(), TreeNames::Sureness::one_form);
    for (const u64 inode : directories) {
        put_directory(*tree, inode, transaction.generation(), now);
        names.ask_about(inode, entries[inode].directories);
    }
    BTRKIT_TRY(names.settle());
    for (const u64 inode : directories) {
        BTRKIT_TRY(keep_if_nameless(transaction, {.tree = tree_id, .inode = inode}, now));
    }
    return {};
}

} // namespace btrkit::repair

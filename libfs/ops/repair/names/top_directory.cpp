// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/names/top_directory.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/item_buffer.h"
#include "libfs/edit/item_list.h"
#include "libfs/edit/new_inode.h"
#include "libfs/ops/repair/each_item.h"
#include "libfs/ops/repair/finding_trees.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/inodes/file_type.h"
#include "libfs/ops/repair/inodes/inode_sums.h"

#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

} // namespace

Result<void> renew_top_directory(TreeBuffer& tree, u64 inode) {
    BTRKIT_TRY(StoredInode::find(tree, inode));
    const auto refs = KeyRange::through({inode, type::inode_ref, 0}, {inode, type::inode_extref, ~u64{0}});
    BTRKIT_TRY(for_each_item(tree, refs, [&](const BufferedItem& item) -> Result<void> {
        BTRKIT_TRY(tree.erase(item.key));
        return {};
    }));
    constexpr std::string_view self = "..";
    tree.put({inode, type::inode_ref, inode},
             ItemBuffer().add(btrfs::InodeRef{.index = 0, .name_len = self.size()}).add_text(self).release());
    if (inode == btrfs::root_dir_inode) {
        BTRKIT_TRY(settle_file_type(tree, inode));
        return renew_name_sums(tree, inode);
    }
    return {};
}

Inode new_top_directory(u64 generation, Time now) {
    Inode top;
    top.number = btrfs::root_dir_inode;
    top.generation = top.transid = generation;
    top.nlink = 1;
    top.mode = S_IFDIR | 0755;
    top.atime = top.ctime = top.mtime = top.otime = now;
    return top;
}

Result<void> make_top_directories(Transaction& transaction, const FindingList& findings, Round& round) {
    const NewInode top = {
        .inode = new_top_directory(transaction.generation(), round.now()), .names = {}, .xattrs = {}, .entries = {}};
    for (const auto* finding : findings) {
        BTRKIT_TRY(in_each_tree(transaction, *finding, round, [&](u64, TreeBuffer& tree) {
            return add_inode_items(tree, transaction.geometry(), top);
        }));
    }
    return {};
}

Result<void> make_data_reloc_tree(Transaction& transaction, const FindingList&, Round& round) {
    const NewInode top = {
        .inode = new_top_directory(transaction.generation(), round.now()), .names = {}, .xattrs = {}, .entries = {}};
    ItemList items;
    BTRKIT_TRY(add_inode_items(items, transaction.geometry(), top));
    auto root = new_root_item(transaction.geometry());
    root.root_dirid = btrfs::root_dir_inode;
    return transaction.create_tree({btrfs::data_reloc_tree_id, type::root_item, 0}, root, items.items());
}

} // namespace btrkit::repair

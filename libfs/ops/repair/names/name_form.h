// SPDX-License-Identifier: MIT
// The names of inodes as they stand in a file tree, each in one of its three forms.
#pragma once

#include "libfs/fs/name_items.h"
#include "libfs/tree/tree_buffer.h"

#include <set>
#include <string>

namespace btrkit::repair {

struct NameForm {
    NameRecord::Form form = NameRecord::Form::dir_item;
    u64 parent = 0;
    u64 child = 0;
    u64 index = 0;    ///< not in a DIR_ITEM
    u8 file_type = 0; ///< not in an inode's reference
    u64 transid = 0;  ///< not in an inode's reference
    std::string name = {};
    btrfs::Key key = {}; ///< of the item that has it
    /// Its item's key is the one that it must have, and an entry says nothing else that it can't.
    bool is_well_formed = true;
};

/// The names in an item, but for entries of other subvolumes and the ".." of the top directory.
std::vector<NameForm> name_forms_in(const btrfs::Key& key, Bytes body);

/// Entries of the directory that lead to one of these inodes.
Result<std::vector<NameForm>> entries_to(TreeBuffer& tree, u64 parent, const std::set<u64>& children);
/// All references of an inode.
Result<std::vector<NameForm>> refs_of(TreeBuffer& tree, u64 inode);

btrfs::Key dir_item_key(u64 parent, std::string_view name);

} // namespace btrkit::repair

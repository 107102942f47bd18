// SPDX-License-Identifier: MIT
// What an inode says of its names: INODE_REF items by directory and, where such an item is full, INODE_EXTREF items by
// hash. Directory entries say the same (directory_editor.h); who changes one changes the other.
#pragma once

#include "libfs/edit/new_inode.h"
#include "libfs/tree/tree_buffer.h"

#include <string>

namespace btrkit {

/// A name of an inode, and where it stands.
struct InodeName {
    u64 dir = 0;
    u64 index = 0; ///< of the entry there
    std::string name;
};

/// Fails with no_space where the names of this inode in this directory have no room left.
Result<void> add_inode_ref(TreeBuffer& tree, const Geometry& geometry, u64 inode, const NewName& name);

/// Takes the name out and returns its index; nothing where the inode has no such name there.
Result<std::optional<u64>> take_inode_ref(TreeBuffer& tree, u64 inode, u64 dir, std::string_view name);

/// The name whose reference comes first: of a directory the only one. Nothing for an inode without, as the top of a
/// subvolume.
Result<std::optional<InodeName>> first_inode_name(TreeBuffer& tree, u64 inode);

} // namespace btrkit

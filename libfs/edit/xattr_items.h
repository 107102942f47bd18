// SPDX-License-Identifier: MIT
// Extended attributes of an inode in a tree that is being changed. Those whose names share a hash share an item.
#pragma once

#include "libfs/fs/xattrs.h"
#include "libfs/tree/tree_buffer.h"

namespace btrkit {

/// Sets it, was it there or not. Fails with unsupported where name and value don't fit into an item, with damaged where
/// what is there is malformed.
Result<void> set_xattr(TreeBuffer& tree, const Geometry& geometry, u64 inode, const Xattr& xattr);

/// False where there is none of that name.
Result<bool> remove_xattr(TreeBuffer& tree, u64 inode, std::string_view name);

Result<std::optional<std::string>> find_xattr(TreeBuffer& tree, u64 inode, std::string_view name);

/// Sorted by name.
Result<std::vector<Xattr>> all_xattrs(TreeBuffer& tree, u64 inode);

} // namespace btrkit

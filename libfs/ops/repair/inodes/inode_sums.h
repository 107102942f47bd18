// SPDX-License-Identifier: MIT
// What the other items of an inode say of it.
#pragma once

#include "formats/btrfs/inode.h"
#include "libfs/tree/tree_buffer.h"

namespace btrkit::repair {

struct InodeSums {
    u64 extent_bytes = 0;
    u64 inline_bytes = 0;
    u64 entry_name_bytes = 0; ///< of the names in a directory, in both forms
    u64 names = 0;            ///< references to it
    bool has_entries = false; ///< of a directory
    bool has_inline = false;
    bool has_regular = false; ///< extents that are not inline
};

Result<InodeSums> sum_up_inode(TreeBuffer& tree, u64 inode);

/// An inode's item, to be changed in place and put back by store().
class StoredInode {
public:
    /// Fails with not_found where there is none.
    static Result<StoredInode> find(TreeBuffer& tree, u64 inode);

    btrfs::InodeItem& item() { return *reinterpret_cast<btrfs::InodeItem*>(stored_.body.data()); }
    void store(TreeBuffer& tree) const { tree.put(stored_.key, stored_.body); }

private:
    explicit StoredInode(BufferedItem stored) : stored_(std::move(stored)) {}
    BufferedItem stored_;
};

/// Sets what follows from names: the link count of an inode that has some, and the size of a directory.
Result<void> renew_name_sums(TreeBuffer& tree, u64 inode);

} // namespace btrkit::repair

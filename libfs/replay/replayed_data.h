// SPDX-License-Identifier: MIT
// The inodes of a log, their attributes and their data brought into its subvolume.
#pragma once

#include "libfs/edit/file_extent_items.h"
#include "libfs/replay/log_tree.h"
#include "libfs/txn/transaction.h"

#include <set>

namespace btrkit::replay {

/// Extents of data that logs have brought, exactly as they are; a file of another subvolume may share one.
using AdoptedExtents = std::set<Range>;

class ReplayedData {
public:
    /// All must outlive it. tree: the subvolume of that id, in the transaction. adopted: by the logs of all subvolumes.
    ReplayedData(Transaction& transaction, u64 id, TreeBuffer& tree, LogTree& log, AdoptedExtents& adopted)
        : transaction_(&transaction), id_(id), tree_(&tree), log_(&log), adopted_(&adopted) {}

    /// An INODE_ITEM of the log. A file is cut to its size: what is preallocated behind that comes with its extents.
    /// Attributes that the log has not are gone. Directories keep their size.
    Result<void> put_inode(const BufferedItem& item);
    /// An XATTR_ITEM of the log.
    void put_xattrs(const BufferedItem& item) { tree_->put(item.key, item.body); }
    /// An EXTENT_DATA of the log takes the place of what the file has there. Its extent, where no tree has it yet, is
    /// recorded, with the checksums that the log has of it.
    Result<void> put_extent(const BufferedItem& item);
    /// Bytes of files whose extents changed are counted anew.
    Result<void> settle();

private:
    Result<void> drop(u64 inode, Range range);
    Result<void> remove_other_xattrs(u64 inode);
    Result<bool> is_recorded(Range extent);
    Result<void> put_csums(Range bytes);
    Result<u64> count_bytes(u64 inode);

    Transaction* transaction_;
    u64 id_;
    TreeBuffer* tree_;
    LogTree* log_;
    AdoptedExtents* adopted_;
    std::set<u64> resized_; ///< inodes whose extents changed
};

} // namespace btrkit::replay

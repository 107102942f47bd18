// SPDX-License-Identifier: MIT
// The names of a log brought into its subvolume: entries and references that it has are put, those are taken out that
// it says are gone or that stand in the way of one.
#pragma once

#include "libfs/replay/log_tree.h"
#include "libfs/volume/geometry.h"

#include <map>
#include <set>

namespace btrkit::replay {

class ReplayedNames {
public:
    /// All must outlive it.
    ReplayedNames(TreeBuffer& tree, const Geometry& geometry, LogTree& log)
        : tree_(&tree), geometry_(&geometry), log_(&log) {}

    /// Of a directory that the log has: entries go that stand at an index that it knows all of, and that it has not.
    Result<void> remove_deleted(u64 dir);
    /// A DIR_INDEX of the log. Where the log has the inode's reference too, the entry comes with that.
    Result<void> put_entry(const BufferedItem& item);
    /// An INODE_REF or INODE_EXTREF of the log: its entries, and it takes the place of the subvolume's item.
    Result<void> put_refs(const BufferedItem& item);
    /// The links of all inodes whose names have changed, or that were told, are counted anew. What has no name left
    /// becomes an orphan, which whoever writes next takes away; of a directory all that stands in it, too. Directories
    /// get the size that their names make.
    Result<void> settle();

    void recount(u64 inode) { recounted_.insert(inode); }

private:
    struct Entry {
        u64 dir = 0;
        u64 index = 0;
        std::string name;
        btrfs::Key location;
        u8 file_type = 0;
    };

    Result<std::optional<Entry>> entry_at(u64 dir, u64 index);
    Result<std::optional<btrfs::Key>> location_of(u64 dir, std::string_view name);
    Result<bool> has_inode(u64 inode);
    Result<void> take(const Entry& entry);
    Result<void> take_named(u64 dir, std::string_view name, const btrfs::Key& location);
    Result<void> put(const Entry& entry);
    Result<void> put_ref(u64 inode, const Entry& entry);
    Result<void> take_all_in(u64 dir);
    Result<void> settle_links(u64 inode);

    TreeBuffer* tree_;
    const Geometry* geometry_;
    LogTree* log_;
    std::set<u64> recounted_;
    std::map<u64, std::int64_t> size_changes_; ///< by directory
};

} // namespace btrkit::replay

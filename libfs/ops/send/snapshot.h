// SPDX-License-Identifier: MIT
// One of the two subvolumes that a send compares, and what is looked up in it.
#pragma once

#include "libfs/fs/subvolume_view.h"
#include "libfs/ops/send/subvolume.h"

namespace btrkit::send {

/// One name of an inode.
struct InodeName {
    u64 dir = 0;
    u64 dir_generation = 0;
    std::string name;

    friend auto operator<=>(const InodeName&, const InodeName&) = default;
};

/// A view of the subvolume in which an inode is what it is by number and generation. Fails with damaged where blocks
/// are lost. For one thread.
class Snapshot {
public:
    /// The cache must outlive it.
    Snapshot(BlockCache& cache, Subvolume subvolume);

    /// Of two filesystems the same numbers and generations are no proof: from now on inodes here that can't have become
    /// those of `other`, which must outlive this, by changes alone have generations that no others have.
    void tell_apart_from(Snapshot& other);

    const Subvolume& subvolume() const { return subvolume_; }
    u64 id() const { return subvolume_.id(); }
    BlockCache& cache() const { return view_.cache(); }

    Result<std::optional<Inode>> inode(u64 number);
    /// The same where it must be there: damaged if it is not.
    Result<Inode> need_inode(u64 number);
    Result<u64> generation_of(u64 number);

    /// Of several names the one whose reference comes first; nothing where the inode has none.
    Result<std::optional<InodeName>> first_name(u64 number);
    Result<InodeName> need_first_name(u64 number);
    /// By first names, from the top of the subvolume.
    Result<std::string> path_of(u64 number) { return view_.path_of(number); }

    /// Where the entry of a directory leads; nothing where there is none by that name.
    Result<std::optional<btrfs::Key>> entry(u64 dir, std::string_view name) { return view_.find_entry(dir, name); }
    /// The same, but entries that lead to subvolumes are none.
    Result<std::optional<u64>> inode_of_entry(u64 dir, std::string_view name);

    /// Whether one directory is above another inode, by whichever name.
    Result<bool> is_above(u64 dir, u64 dir_generation, u64 number);

    /// For walks of one's own.
    TreeSearch search() const { return view_.search(); }

    Error damaged(const btrfs::Key& key, std::string what) const { return view_.damaged(key, std::move(what)); }

private:
    Result<bool> is_another(const Inode& inode);
    Result<bool> is_on_the_way_up(u64 dir, u64 dir_generation, u64 from, u64 from_generation);

    Subvolume subvolume_;
    SubvolumeView view_;
    Snapshot* other_ = nullptr; ///< not null: of another filesystem
    /// Inodes that were looked up not long ago; emptied when it is large.
    std::unordered_map<u64, std::optional<Inode>> inodes_;
};

} // namespace btrkit::send

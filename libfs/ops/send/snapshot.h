// SPDX-License-Identifier: MIT
// One of the two subvolumes that a send compares, and what is looked up in it.
#pragma once

#include "libfs/fs/subvolume_view.h"
#include "libfs/ops/send/salvage/lost_items.h"
#include "libfs/ops/send/subvolume.h"

#include <unordered_set>

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

    /// From now on, an inode whose item is lost is one nevertheless, by what other items tell of it (LostItems), and so
    /// are directories that only references tell of: of generation 0, with a type and one name at least. What can be
    /// read is as it was.
    void stand_in_for_lost() { stands_in_ = true; }
    bool stands_in() const { return stands_in_; }
    /// Null: everything that was looked up could be read so far. Otherwise what is lost.
    const LostItems* losses() const { return lost_ ? &*lost_ : nullptr; }
    /// Looks for what is lost, if that was not done yet.
    const LostItems& find_losses();
    /// Whether it is only known by what others tell of it.
    bool is_stand_in(u64 number);
    /// The names of an inode that may lack some of its own: those that are told of it; or else one at the top.
    Result<std::vector<InodeName>> names_of_lost(u64 number);

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
    Result<std::string> path_of(u64 number);
    /// By all its names, about `most` at most; those of which nothing is left are not among them.
    Result<std::vector<std::string>> paths_of(u64 number, std::size_t most);

    /// Where the entry of a directory leads; nothing where there is none by that name.
    Result<std::optional<btrfs::Key>> entry(u64 dir, std::string_view name);
    /// The same, but entries that lead to subvolumes are none.
    Result<std::optional<u64>> inode_of_entry(u64 dir, std::string_view name);

    /// Whether one directory is above another inode, by whichever name.
    Result<bool> is_above(u64 dir, u64 dir_generation, u64 number);

    /// For walks of one's own.
    TreeSearch search() const { return view_.search(); }

    Error damaged(const btrfs::Key& key, std::string what) const { return view_.damaged(key, std::move(what)); }

private:
    bool may_stand_in(const Error& error) const { return stands_in_ && error.kind == ErrorKind::damaged; }
    Inode stand_in(u64 number);
    Result<std::string> name_of_nameless(u64 number);
    std::vector<ParentName> known_names(u64 number, std::size_t most);
    Result<InodeName> with_generation(ParentName name);
    Result<bool> is_another(const Inode& inode);
    Result<bool> is_on_the_way_up(u64 dir, u64 dir_generation, u64 from, u64 from_generation);

    Subvolume subvolume_;
    SubvolumeView view_;
    Snapshot* other_ = nullptr; ///< not null: of another filesystem
    /// Inodes that were looked up not long ago; emptied when it is large.
    std::unordered_map<u64, std::optional<Inode>> inodes_;
    bool stands_in_ = false;
    std::optional<LostItems> lost_;
    std::unordered_set<u64> assumed_dirs_; ///< that references lead to, without a trace of them
};

} // namespace btrkit::send

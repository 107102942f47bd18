// SPDX-License-Identifier: MIT
// One of the two subvolumes that a send compares, and what is looked up in it.
#pragma once

#include "libfs/fs/inode.h"
#include "libfs/ops/send/subvolume.h"
#include "libfs/tree/tree_search.h"

namespace btrkit::send {

/// One name of an inode.
struct InodeName {
    u64 dir = 0;
    u64 dir_generation = 0;
    std::string name;

    friend auto operator<=>(const InodeName&, const InodeName&) = default;
};

/// Of a way up: no path that a stream can hold has more names; what goes on longer is a loop.
inline constexpr unsigned most_levels = 4096;

/// The path that these names make, the innermost first.
std::string path_from(std::span<const std::string> names_upwards);

/// Fails with damaged where blocks are lost. For one thread.
class Snapshot {
public:
    /// The cache must outlive it.
    Snapshot(BlockCache& cache, Subvolume subvolume);

    /// Of two filesystems the same numbers and generations are no proof: from now on inodes here that can't have become
    /// those of `other`, which must outlive this, by changes alone have generations that no others have.
    void tell_apart_from(Snapshot& other);

    const Subvolume& subvolume() const { return subvolume_; }
    u64 id() const { return subvolume_.id(); }
    BlockCache& cache() const { return *cache_; }

    Result<std::optional<Inode>> inode(u64 number);
    /// The same where it must be there: damaged if it is not.
    Result<Inode> need_inode(u64 number);
    Result<u64> generation_of(u64 number);

    /// Of several names the one whose reference comes first; nothing where the inode has none.
    Result<std::optional<InodeName>> first_name(u64 number);
    Result<InodeName> need_first_name(u64 number);
    /// By first names, from the top of the subvolume.
    Result<std::string> path_of(u64 number);

    /// Where the entry of a directory leads; nothing where there is none by that name.
    Result<std::optional<btrfs::Key>> entry(u64 dir, std::string_view name);
    /// The same, but entries that lead to subvolumes are none.
    Result<std::optional<u64>> inode_of_entry(u64 dir, std::string_view name);

    /// Whether one directory is above another inode, by whichever name.
    Result<bool> is_above(u64 dir, u64 dir_generation, u64 number);

    /// For walks of one's own.
    TreeSearch search() const { return {*cache_, subvolume_.tree.block}; }

    Error damaged(const btrfs::Key& key, std::string what) const;

private:
    Result<bool> is_another(const Inode& inode);
    Result<std::vector<std::byte>> symlink_item(u64 number);
    /// The same without generation.
    Result<std::optional<InodeName>> first_ref(u64 number);
    Result<bool> is_on_the_way_up(u64 dir, u64 dir_generation, u64 from, u64 from_generation);

    BlockCache* cache_;
    Subvolume subvolume_;
    Snapshot* other_ = nullptr; ///< not null: of another filesystem
    TreeSearch inode_items_;
    TreeSearch refs_;
    TreeSearch entries_;
    /// Inodes that were looked up not long ago; emptied when it is large.
    std::unordered_map<u64, std::optional<Inode>> inodes_;
};

} // namespace btrkit::send

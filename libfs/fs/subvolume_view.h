// SPDX-License-Identifier: MIT
// What one subvolume says about inodes, names and entries: many look-ups, through a cache.
//
// Strict as TreeSearch is: fails with damaged where what is asked for may be in a block that is lost. Who looks up one
// inode and no more takes read_inode(), who walks a directory Directory, who must name files whatever is lost
// survey/naming/paths.h.
#pragma once

#include "libfs/fs/inode.h"
#include "libfs/tree/tree_search.h"

namespace btrkit {

/// One name of an inode, as its reference tells of it.
struct ParentName {
    u64 dir = 0;
    std::string name; ///< possible in a path
};

/// Of a way up: no path that Linux can hold has more names; what goes on longer is a loop.
inline constexpr unsigned most_path_levels = 4096;

/// The path that these names make, the innermost first.
std::string path_from(std::span<const std::string> names_upwards);

/// Whether a key is that of one of the inode's references to its directories.
bool is_inode_ref_of(const btrfs::Key& key, u64 inode);

/// For one thread.
class SubvolumeView {
public:
    /// The cache must outlive it.
    SubvolumeView(BlockCache& cache, const TreeRoot& tree);

    u64 id() const { return tree_.id; }
    const TreeRoot& tree() const { return tree_; }
    BlockCache& cache() const { return *cache_; }
    /// For walks of one's own.
    TreeSearch search() const { return {*cache_, tree_.block}; }

    Result<std::optional<Inode>> find_inode(u64 number);

    /// Of several names the one whose reference comes first; nothing where the inode has none.
    Result<std::optional<ParentName>> first_name(u64 number);
    /// By first names, from the top of the subvolume. Damaged where they don't lead there.
    Result<std::string> path_of(u64 number);

    /// Where the entry of a directory leads; nothing where there is none by that name.
    Result<std::optional<btrfs::Key>> find_entry(u64 dir, std::string_view name);

    /// The bytes of a symlink's target item, with its head; empty where it has none.
    Result<std::vector<std::byte>> symlink_item(u64 number);

    Error damaged(const btrfs::Key& key, std::string what) const;

private:
    BlockCache* cache_;
    TreeRoot tree_;
    TreeSearch inode_items_;
    TreeSearch refs_;
    TreeSearch entries_;
};

} // namespace btrkit

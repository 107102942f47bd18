// SPDX-License-Identifier: MIT
// What every mount looks at, whatever the kernel's version: found once, when it is asked for first.
#pragma once

#include "libfs/fs/filesystem.h"

#include <map>
#include <set>

namespace btrkit::check {

class MountFacts {
public:
    explicit MountFacts(const Filesystem& filesystem) : filesystem_(filesystem) {}

    /// The subvolume that is mounted where no other is named.
    u64 default_tree();
    bool is_mounted(u64 tree) { return tree == btrfs::fs_tree_id || tree == default_tree(); }

    /// Whether a mount reads that block of that file tree: to open a tree is to look up its last key, and of those that
    /// are mounted the inode of the top directory.
    bool is_needed(u64 tree, Logical address);

    /// Whether a tree has its orphan item in the root tree, as deleted subvolumes have until they are cleaned up: to go
    /// on with that, mounting read-write opens it.
    bool is_orphan(u64 tree);

    /// Why a file tree that is mounted can't be, though all of its blocks that a mount reads are there; else empty.
    std::string why_unmountable(u64 tree) const;

    /// Whether a block that is lost has a copy with which nothing is wrong but its checksum.
    bool has_wrong_checksum_only(u64 tree, Logical address) const;

    /// Whether kernels take a backup root where that block of the root tree can't be read (no address: its root), and
    /// find there what a mount needs. They do so for the blocks on the way to the last key only: root items that can't
    /// be read are passed over with rescue=all. Of the backups the first counts that is there, from the second newest
    /// on.
    bool has_backup_root(std::optional<Logical> lost) const;

    /// Whether device extents lie across the zones that kernels divide a device into that has none: as long each as its
    /// first device extent.
    bool has_extents_between_zones() const;

    /// Whether a leaf of the extent tree that a mount reads (its root, or one with block groups) has a data reference
    /// from the abandoned inode number cache.
    bool reads_refs_of_inode_cache() const;

private:
    bool has_top_level_tree(const Promise& root_tree) const;
    std::set<Logical> blocks_to(u64 tree, std::initializer_list<btrfs::Key> keys) const;

    const Filesystem& filesystem_;
    std::optional<u64> default_tree_;
    std::map<u64, std::set<Logical>> needed_; ///< by tree
    std::optional<std::set<u64>> orphans_;
};

/// What the tree-checker has against a block or an item: kernels that have the rule (Problem::refused_by) take none of
/// its block.
bool spoils_leaf(ProblemCode code);

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// All items of an inode but its data: itself, its names, its attributes, its directory entries.
#pragma once

#include "formats/btrfs/inode.h"
#include "libfs/ops/mkfs/tree_plan.h"
#include "libfs/tree/tree_builder.h"

namespace btrkit::mkfs {

/// The time as it stands on disk.
btrfs::Timespec timespec_of(Time time);

class InodeItems {
public:
    InodeItems(const TreePlan& plan, const Geometry& geometry) : plan_(&plan), geometry_(&geometry) {}

    /// Adds the items of a source inode, in key order. nbytes: what its data occupies, as stat counts it. Fails with
    /// usage, naming the path, where names or attributes don't fit the format.
    Result<void> add(TreeBuilder& tree, u32 source_inode, u64 nbytes) const;

private:
    Result<void> add_references(TreeBuilder& tree, u32 source_inode) const;
    Result<void> add_xattrs(TreeBuilder& tree, u32 source_inode) const;
    Result<void> add_entries(TreeBuilder& tree, u32 source_inode) const;
    Result<void> add_entries_by_hash(TreeBuilder& tree, u32 source_inode) const;
    btrfs::InodeItem inode_item(u32 source_inode, u64 nbytes, u64 link_count) const;
    std::unexpected<Error> refuse(u32 source_inode, std::string_view what) const;
    /// Refuses where a merged item had no more room (added is false).
    Result<void> need_room(const Result<bool>& added, u32 source_inode, std::string_view what) const;

    const TreePlan* plan_;
    const Geometry* geometry_;
};

} // namespace btrkit::mkfs

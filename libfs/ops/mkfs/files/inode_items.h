// SPDX-License-Identifier: MIT
// All items of a planned inode but those of a file's data.
#pragma once

#include "libfs/edit/new_inode.h"
#include "libfs/ops/mkfs/tree_plan.h"

namespace btrkit::mkfs {

class InodeItems {
public:
    InodeItems(const TreePlan& plan, const Geometry& geometry) : plan_(&plan), geometry_(&geometry) {}

    /// Adds the items of a source inode, in key order. nbytes: what its data occupies, as stat counts it. Fails with
    /// unsupported, naming the path, where names or attributes don't fit the format.
    Result<void> add(ItemSink& sink, u32 source_inode, u64 nbytes);

private:
    Inode inode_of(u32 source_inode, u64 nbytes) const;
    void gather_names(u32 source_inode);
    void gather_entries(u32 source_inode);
    std::unexpected<Error> refuse(u32 source_inode, std::string_view what) const;

    const TreePlan* plan_;
    const Geometry* geometry_;
    std::vector<NewName> names_;    ///< of the inode at hand
    std::vector<NewEntry> entries_; ///< of the inode at hand
};

} // namespace btrkit::mkfs

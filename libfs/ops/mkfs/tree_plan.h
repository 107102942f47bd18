// SPDX-License-Identifier: MIT
// Which file trees there will be, and which number each inode has in its tree.
#pragma once

#include "formats/btrfs/uuid.h"
#include "libfs/ops/mkfs/from_source.h"

#include <optional>
#include <unordered_map>

namespace btrkit::mkfs {

/// One of the names of an inode: an entry of a directory.
struct NamePlace {
    u32 directory = 0; ///< source inode
    u32 entry = 0;     ///< which of its entries
};

/// Where a subvolume hangs.
struct TreeParent {
    u64 tree = 0;
    u64 directory = 0; ///< inode number in that tree
    u64 index = 0;     ///< of the entry there
    std::string_view name;
};

struct PlannedTree {
    u64 id = 0;
    bool is_read_only = false;
    std::vector<u32> inodes;          ///< source inodes; the first has the number 256, the others follow
    std::optional<TreeParent> parent; ///< nothing for the top-level tree
};

class TreePlan {
public:
    /// Numbers all inodes in the order of a walk from the top, names ascending. tree must be settled, outlive the plan
    /// and not change.
    explicit TreePlan(const SourceTree& source);

    const SourceTree& source() const { return *source_; }
    /// The top-level tree, then the subvolumes by id.
    std::span<const PlannedTree> trees() const { return trees_; }
    /// The tree that is mounted by default.
    u64 default_tree() const;

    u64 inode_number(u32 source_inode) const { return numbers_[source_inode]; }
    /// The tree that hangs at a directory that is a subvolume.
    u64 tree_of_subvolume(u32 source_inode) const { return subvolume_ids_.at(source_inode); }
    /// All names of an inode that is not the top of a tree, in the order of the walk; there is at least one.
    std::vector<NamePlace> names(u32 source_inode) const;

private:
    void number_inodes(PlannedTree& tree);
    void visit(PlannedTree& tree, NamePlace place, std::vector<NamePlace>& pending);
    void plan_subvolume(const PlannedTree& parent, NamePlace place, u32 top);

    const SourceTree* source_;
    std::vector<PlannedTree> trees_;
    std::vector<u64> numbers_; ///< by source inode; 0: not yet
    std::unordered_map<u32, u64> subvolume_ids_;
    std::unordered_map<u32, std::vector<NamePlace>> further_names_; ///< all but the first
};

} // namespace btrkit::mkfs

// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/tree_plan.h"

#include "formats/btrfs/objectids.h"

namespace btrkit::mkfs {

TreePlan::TreePlan(const SourceTree& source) : source_(&source), numbers_(source.inodes.size()) {
    trees_.push_back({.id = btrfs::fs_tree_id, .inodes = {0}});
    // NOLINTNEXTLINE(modernize-loop-convert): subvolumes join the list while the trees before them are walked
    for (std::size_t i = 0; i < trees_.size(); ++i) {
        PlannedTree tree = std::move(trees_[i]);
        number_inodes(tree);
        trees_[i] = std::move(tree);
    }
}

void TreePlan::number_inodes(PlannedTree& tree) {
    numbers_[tree.inodes.front()] = btrfs::root_dir_inode;
    std::vector<NamePlace> pending = {{tree.inodes.front(), 0}};
    while (!pending.empty()) {
        const NamePlace place = pending.back();
        if (place.entry == source_->inodes[place.directory].entries.size()) {
            pending.pop_back();
            continue;
        }
        ++pending.back().entry;
        visit(tree, place, pending);
    }
}

void TreePlan::visit(PlannedTree& tree, NamePlace place, std::vector<NamePlace>& pending) {
    const u32 inode = source_->inodes[place.directory].entries[place.entry].inode;
    if (source_->inodes[inode].subvolume != SubvolumeKind::none) {
        plan_subvolume(tree, place, inode);
        return;
    }
    if (numbers_[inode] != 0) {
        further_names_[inode].push_back(place);
        return;
    }
    numbers_[inode] = btrfs::root_dir_inode + tree.inodes.size();
    tree.inodes.push_back(inode);
    if (!source_->inodes[inode].entries.empty()) {
        pending.push_back({inode, 0});
    }
}

void TreePlan::plan_subvolume(const PlannedTree& parent, NamePlace place, u32 top) {
    const u64 id = btrfs::first_free_objectid + trees_.size() - 1;
    subvolume_ids_[top] = id;
    trees_.push_back({.id = id,
                      .is_read_only = source_->inodes[top].subvolume == SubvolumeKind::read_only,
                      .inodes = {top},
                      .parent = TreeParent{.tree = parent.id,
                                           .directory = numbers_[place.directory],
                                           .index = btrfs::first_dir_index + place.entry,
                                           .name = source_->inodes[place.directory].entries[place.entry].name}});
}

u64 TreePlan::default_tree() const {
    const u32 top = source_->default_subvolume;
    return top == no_inode ? btrfs::fs_tree_id : subvolume_ids_.at(top);
}

std::vector<NamePlace> TreePlan::names(u32 source_inode) const {
    const auto& inode = source_->inodes[source_inode];
    std::vector<NamePlace> all = {{inode.parent, inode.parent_entry}};
    if (const auto more = further_names_.find(source_inode); more != further_names_.end()) {
        all.insert(all.end(), more->second.begin(), more->second.end());
    }
    return all;
}

} // namespace btrkit::mkfs

// SPDX-License-Identifier: MIT
#include "libfs/survey/essential_trees.h"

#include "formats/btrfs/objectids.h"

namespace btrkit::survey {

std::vector<u64> essential_trees(const Geometry& geometry) {
    std::vector<u64> trees = {btrfs::extent_tree_id, btrfs::dev_tree_id, btrfs::fs_tree_id, btrfs::csum_tree_id,
                              btrfs::data_reloc_tree_id};
    if ((geometry.compat_ro_flags & btrfs::compat_ro_free_space_tree) != 0) {
        trees.push_back(btrfs::free_space_tree_id);
    }
    if (geometry.has_block_group_tree()) {
        trees.push_back(btrfs::block_group_tree_id);
    }
    if (geometry.has_incompat(btrfs::incompat_raid_stripe_tree)) {
        trees.push_back(btrfs::raid_stripe_tree_id);
    }
    return trees;
}

} // namespace btrkit::survey

// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/space/reserve.h"

namespace btrkit::usage {

u64 global_reserve_bytes(const survey::Roots& roots, const Geometry& geometry) {
    constexpr u64 most_bytes = u64{512} << 20;
    constexpr u64 unlink_items = 6; // orphan, entry by name, entry by index, reference, inode, parent inode
    constexpr u64 max_level_count = btrfs::max_level_count;
    // To insert an item, every level may be split.
    const u64 insert_bytes = u64{geometry.nodesize} * max_level_count * 2;

    u64 item_count = 1 + unlink_items; // the root tree's
    u64 tree_bytes = 0;
    for (const u64 id : {btrfs::extent_tree_id, btrfs::csum_tree_id, btrfs::free_space_tree_id,
                         btrfs::block_group_tree_id, btrfs::raid_stripe_tree_id}) {
        if (const auto* record = roots.find(id)) {
            tree_bytes += record->item.bytes_used;
            ++item_count;
        }
    }
    // Each of them delays a change of the extent tree and, where there is one, of the free space tree.
    const bool has_free_space_tree = roots.find(btrfs::free_space_tree_id) != nullptr;
    const u64 delayed_bytes = unlink_items * insert_bytes * (has_free_space_tree ? 2 : 1);
    return std::min(most_bytes, std::max(tree_bytes, item_count * insert_bytes + delayed_bytes));
}

} // namespace btrkit::usage

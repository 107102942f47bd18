// SPDX-License-Identifier: MIT
// The few numbers of a superblock that everything else is measured with, proven sane.
#pragma once

#include "formats/btrfs/csum.h"
#include "formats/btrfs/superblock.h"
#include "libfs/base/problem.h"

#include <algorithm>
#include <vector>

namespace btrkit {

struct Geometry {
    u32 nodesize = 0;   ///< bytes of a tree block: 4 KiB to 64 KiB, a multiple of sectorsize
    u32 sectorsize = 0; ///< bytes of a data block: a power of two from 512 to 64 KiB
    btrfs::CsumType csum_type = btrfs::CsumType::crc32c;
    u32 csum_size_bytes = 0;
    btrfs::Uuid tree_fsid; ///< what tree blocks carry as fsid
    u64 generation = 0;    ///< of the superblock
    u64 incompat_flags = 0;
    u64 compat_ro_flags = 0;
    u64 super_flags = 0;
    u64 global_root_count = 0; ///< extent-tree-v2 only
    /// What tree blocks carry that are older than the sprout: they still stand on the seed that wrote them.
    std::vector<btrfs::Uuid> seed_fsids = {};

    /// Whether tree blocks of this filesystem may carry that fsid.
    bool owns_fsid(const btrfs::Uuid& fsid) const {
        return fsid == tree_fsid || std::ranges::find(seed_fsids, fsid) != seed_fsids.end();
    }
    bool has_incompat(u64 flag) const { return (incompat_flags & flag) != 0; }
    /// Block groups have a tree of their own; else they are items of the extent tree.
    bool has_block_group_tree() const { return (compat_ro_flags & btrfs::compat_ro_block_group_tree) != 0; }
    /// There is a free space tree, and kernels believe it.
    bool has_valid_free_space_tree() const {
        constexpr u64 both = btrfs::compat_ro_free_space_tree | btrfs::compat_ro_free_space_tree_valid;
        return (compat_ro_flags & both) == both;
    }
};

/// The geometry of a superblock that check_superblock() found valid.
Geometry geometry_of(const btrfs::Superblock& super);

} // namespace btrkit

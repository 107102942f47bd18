// SPDX-License-Identifier: MIT
// The superblock that a transaction ends with.
#pragma once

#include "libfs/txn/tree_table.h"

namespace btrkit {

struct SuperblockChange {
    u64 generation = 0;
    std::int64_t used_bytes_change = 0;
    std::optional<std::string> label;
    u64 incompat_flags = 0;      ///< added
    u64 compat_ro_flags = 0;     ///< added
    std::optional<bool> is_seed; ///< nothing: as it was
};

/// The one that follows `committed`: where the trees begin, a backup of that, and what the change says. What kernels
/// keep up only while they can stays behind, so that they see that it is stale: the old cache of free space. Fails with
/// damaged where a tree can't be found.
Result<btrfs::Superblock> new_superblock(const btrfs::Superblock& committed, const SuperblockChange& change,
                                         TreeTable& trees);

/// Adds those of the chunks that are system chunks to the superblock's array. Fails with no_space where it is full.
Result<void> add_system_chunks(btrfs::Superblock& super, std::span<const Chunk> chunks);

} // namespace btrkit

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
    u64 compat_ro_flags = 0;     ///< all that it will have
    std::optional<bool> is_seed; ///< nothing: as it was
};

/// The one that follows `committed`: where the trees begin, a backup of that, and what the change says. What kernels
/// keep up only while they can stays behind, so that they see that it is stale: the old cache of free space. Fails with
/// damaged where a tree can't be found.
Result<btrfs::Superblock> new_superblock(const btrfs::Superblock& committed, const SuperblockChange& change,
                                         TreeTable& trees);

/// The superblock's array of system chunks has those that were added, and no longer those that were cut or go: cut has
/// what is left of them, by their start. Fails with no_space where it is full.
Result<void> renew_system_chunks(btrfs::Superblock& super, const std::map<u64, std::optional<Chunk>>& cut,
                                 std::span<const Chunk> added);

} // namespace btrkit

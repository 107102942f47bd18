// SPDX-License-Identifier: MIT
// The superblock's array of system chunks, taken apart and put together: what the chunk tree itself is found through.
#pragma once

#include "formats/btrfs/superblock.h"
#include "libfs/base/bytes.h"
#include "libfs/base/error.h"

#include <string>
#include <vector>

namespace btrkit {

struct SystemChunkItem {
    btrfs::Key key;
    Bytes body; ///< the whole chunk item; from system_chunk_items() empty where the array is damaged there
};

struct SystemChunkItems {
    std::vector<SystemChunkItem> items; ///< point into the superblock
    std::string damage;                 ///< why the array could not be read to its end; else empty
};

/// Stops at the first damage: nothing says where the next item would begin. What a chunk says is not checked.
SystemChunkItems system_chunk_items(const btrfs::Superblock& super);

/// Makes the array these items, which must be whole and may not point into it. Fails with no_space, and leaves the
/// superblock as it was, where they take more than btrfs::sys_chunk_array_size bytes.
Result<void> set_system_chunk_items(btrfs::Superblock& super, std::span<const SystemChunkItem> items);

} // namespace btrkit

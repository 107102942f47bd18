// SPDX-License-Identifier: MIT
// The superblock's array of system chunks, taken apart: what the chunk tree itself is found through.
#pragma once

#include "formats/btrfs/superblock.h"
#include "libfs/base/bytes.h"

#include <string>
#include <vector>

namespace btrkit {

struct SystemChunkItem {
    btrfs::Key key;
    Bytes body; ///< the whole chunk item; empty where the array is damaged there
};

struct SystemChunkItems {
    std::vector<SystemChunkItem> items; ///< point into the superblock
    std::string damage;                 ///< why the array could not be read to its end; else empty
};

/// Stops at the first damage: nothing says where the next item would begin. What a chunk says is not checked.
SystemChunkItems system_chunk_items(const btrfs::Superblock& super);

} // namespace btrkit

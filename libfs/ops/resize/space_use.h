// SPDX-License-Identifier: MIT
// What a filesystem has to find room for, as its extent tree says it.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"
#include "libfs/space/chunk_allocator.h"

namespace btrkit::resize {

struct SpaceUse {
    std::vector<Range> data;          ///< data extents, by address
    std::map<u64, u64> block_bytes;   ///< of tree blocks, by the start of their chunk
    RangeSet blocks_among_data;       ///< tree blocks in groups that hold both
    u64 system_bytes = 0;             ///< of the chunk tree's blocks
    u64 metadata_bytes = 0;           ///< of all other blocks
    u64 reserve_bytes = 0;            ///< that must stay free for metadata, see kernel_reserve_bytes()
    std::vector<DeviceSpace> devices; ///< as they are now, by devid
    u32 nodesize = 0;
    Logical next_start; ///< where the next new chunk may begin
};

/// Fails with damaged and cancelled.
Result<SpaceUse> read_space_use(const Filesystem& filesystem, const RunContext& context);

/// What a kernel wants to have free before it lets anybody write, deletions too: its global reserve, which is as large
/// as the trees that every commit changes (accounting_bytes), within bounds; and room for the transactions of the few
/// who write at once.
u64 kernel_reserve_bytes(u64 accounting_bytes, u32 nodesize);

} // namespace btrkit::resize

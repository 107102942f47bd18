// SPDX-License-Identifier: MIT
// A stretch of one chunk, and all that is known of what is used in it: what one job verifies.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/tree/tree_block.h"
#include "libfs/volume/chunk_map.h"

#include <vector>

namespace btrkit::survey {

enum class SectorUse : u8 {
    free,   ///< nothing refers to it: what stands there is anything
    lost,   ///< nobody knows: what tells of it can't be read
    plain,  ///< data without checksum
    summed, ///< data with a checksum
    block,  ///< part of a tree block
};

constexpr bool is_used(SectorUse use) {
    return use == SectorUse::plain || use == SectorUse::summed || use == SectorUse::block;
}

/// How many extents have something in one 64 KiB stripe.
struct StripeExtents {
    u32 data = 0;
    u32 tree = 0;
};

/// Whole rows of stripes, so that parity can be told; only the last row of a chunk may be cut short.
struct VerifyUnit {
    /// How much of the logical space one unit has, roughly: so large that disks read in long runs where a device holds
    /// several copies, so small that many fit into memory.
    static constexpr u64 usual_bytes = u64{4} << 20;

    const Chunk* chunk = nullptr;
    u64 chunk_end = 0; ///< logical; what lies behind is not looked at
    Range range;       ///< logical
    u32 sectorsize = 0;
    u32 csum_size_bytes = 0;
    std::vector<SectorUse> sectors;     ///< of every sector from range.start on
    std::vector<std::byte> checksums;   ///< of every sector; means something where it is summed
    std::vector<Promise> blocks;        ///< tree blocks by address, as the extent tree promises them
    std::vector<StripeExtents> extents; ///< of every stripe from range.start on
    /// A tree block claims what something else claims too: what is good for one is bad for the other, and nothing may
    /// be written.
    bool is_contradictory = false;

    std::size_t index_of(u64 bytenr) const { return (bytenr - range.start) / sectorsize; }
    u64 bytenr_of(std::size_t index) const { return range.start + index * sectorsize; }
    Bytes stored_checksum(std::size_t index) const {
        return Bytes(checksums).subspan(index * csum_size_bytes, csum_size_bytes);
    }
    /// Bytes that are used, in one copy.
    u64 used_bytes() const { return static_cast<u64>(std::ranges::count_if(sectors, is_used)) * sectorsize; }
};

} // namespace btrkit::survey

// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/plan_parts.h"

#include <algorithm>

namespace btrkit::resize {

namespace {

/// Chunks as they are afterwards.
std::vector<Chunk> chunks_after(const ChunkMap& chunks, const Relocation& relocation) {
    std::vector<Chunk> after = relocation.new_chunks;
    for (const auto& chunk : chunks.chunks()) {
        const auto found = relocation.cut.find(chunk.start.bytenr);
        if (found == relocation.cut.end()) {
            after.push_back(chunk);
        } else if (found->second) {
            after.push_back(*found->second);
        }
    }
    return after;
}

u64 taken_bytes(std::span<const Chunk> chunks) {
    u64 bytes = 0;
    for (const auto& chunk : chunks) {
        bytes += chunk.stripe_length_bytes() * chunk.stripes.size();
    }
    return bytes;
}

} // namespace

bool leaves_reserve(const SpaceUse& use, const ChunkMap& chunks, const Relocation& relocation,
                    const DeviceSizes& ends) {
    const auto after = chunks_after(chunks, relocation);
    u64 room_bytes = 0;
    for (const auto& chunk : after) {
        room_bytes += (chunk.type & btrfs::block_group_metadata) != 0 ? chunk.length : 0;
    }
    u64 needed_bytes = use.metadata_bytes + use.reserve_bytes;
    const auto types = chunk_types(chunks);
    if (types.is_mixed) {
        for (const Range extent : use.data) {
            needed_bytes += extent.length();
        }
    }
    ExtentPlanner planner(ChunkAllocator(devices_without(use, places_of(after), ends), use.next_start));
    return room_bytes >= needed_bytes || planner.reserve(types.metadata, needed_bytes - room_bytes);
}

bool is_packed(const SpaceUse& use, const ChunkMap& chunks, const DeviceSizes& ends) {
    const auto packing = plan_packing(use, chunks, {}, ends);
    const auto all = chunks.chunks();
    const auto lies_below = [&](const Chunk& chunk) { return ends_below(chunk, ends); };
    if (!packing || !std::ranges::all_of(all, lies_below)) {
        return false;
    }
    const auto& packed = packing->relocation.new_chunks;
    // Trees that were made anew take a little less room than before.
    return all.size() <= packed.size() && taken_bytes(all) <= taken_bytes(packed) + mib * use.devices.size();
}

} // namespace btrkit::resize

// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/plan_parts.h"

#include <algorithm>

namespace btrkit::resize {

namespace {

u64 total_bytes(const DeviceRanges& window) {
    u64 sum = 0;
    for (const auto& [devid, ranges] : window) {
        sum += ranges.total_bytes();
    }
    return sum;
}

/// Everything but the window.
DeviceRanges outside(const SpaceUse& use, const DeviceRanges& window) {
    DeviceRanges rest;
    for (const auto& device : use.devices) {
        RangeSet all;
        all.append({0, device.size_bytes});
        const auto found = window.find(device.devid);
        rest[device.devid] = found == window.end() ? all : difference(all, found->second);
    }
    return rest;
}

/// Lets chunks go that hold data alone, and none any more.
void drop_emptied(const SpaceUse& use, const ChunkMap& chunks, Relocation& relocation) {
    std::set<u64> in_use;
    for (const Range extent : use.data) {
        if (!relocation.data.find(extent.start)) {
            in_use.insert(chunks.find({extent.start})->start.bytenr);
        }
    }
    for (const auto& chunk : chunks.chunks()) {
        const bool is_data = (chunk.type & btrfs::block_group_type_mask) == btrfs::block_group_data;
        if (is_data && !in_use.contains(chunk.start.bytenr)) {
            relocation.cut[chunk.start.bytenr] = std::nullopt;
        }
    }
}

} // namespace

std::optional<Relocation> plan_part(const SpaceUse& use, const ChunkMap& chunks, std::span<const Chunk> dense,
                                    const DeviceRanges& window) {
    ExtentPlanner planner(ChunkAllocator(devices_without(use, outside(use, window), sizes_now(use)), use.next_start));
    // From the last extent back, as many as the window may hold.
    const u64 room_bytes = total_bytes(window);
    auto first = use.data.end();
    for (u64 bytes = 0; first != use.data.begin() && bytes < room_bytes;) {
        --first;
        bytes += lies_in(*first, dense) ? 0 : first->length();
    }
    Relocation relocation;
    MoveList moves(chunks, planner, relocation.data);
    for (const Range extent : std::ranges::subrange(first, use.data.end())) {
        if (!lies_in(extent, dense)) {
            planner.expect(chunks.find({extent.start})->type, extent.length());
        }
    }
    for (const Range extent : std::ranges::subrange(first, use.data.end())) {
        if (!lies_in(extent, dense)) {
            moves.move(extent); // what has no room stays
        }
    }
    if (relocation.data.empty()) {
        return std::nullopt;
    }
    drop_emptied(use, chunks, relocation);
    relocation.new_chunks = cut_to_filled(planner.new_chunks(), relocation.data);
    return relocation;
}

} // namespace btrkit::resize

// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/plan_parts.h"

namespace btrkit::resize {

namespace {

/// Lets chunks go that have no dense part, and cuts those that have one.
void cut_to_dense(const ChunkMap& chunks, std::span<const Chunk> dense, Relocation& relocation) {
    for (const auto& chunk : chunks.chunks()) {
        const auto part = std::ranges::find_if(dense, [&](const Chunk& each) { return chunk.contains(each.start); });
        if (part == dense.end()) {
            relocation.cut[chunk.start.bytenr] = std::nullopt;
        } else if (part->length != chunk.length) {
            relocation.cut[chunk.start.bytenr] = *part;
        }
    }
}

} // namespace

std::optional<Packing> plan_packing(const SpaceUse& use, const ChunkMap& chunks, std::span<const Chunk> dense,
                                    const DeviceSizes& ends) {
    const auto types = chunk_types(chunks);
    ExtentPlanner planner(ChunkAllocator(devices_without(use, places_of(dense), ends), use.next_start));
    const u64 metadata_bytes = use.metadata_bytes + use.reserve_bytes;
    if (!planner.reserve(types.system, std::max(2 * use.system_bytes, least_system_bytes)) ||
        (!types.is_mixed && !planner.reserve(types.metadata, metadata_bytes))) {
        return std::nullopt;
    }
    if (types.is_mixed) {
        planner.expect(types.metadata, metadata_bytes); // in the same chunks as data
    }
    for (const Range extent : use.data) {
        if (!lies_in(extent, dense)) {
            planner.expect(chunks.find({extent.start})->type, extent.length());
        }
    }
    Packing packing;
    MoveList moves(chunks, planner, packing.relocation.data);
    for (const Range extent : use.data) {
        if (!lies_in(extent, dense) && !moves.move(extent)) {
            return std::nullopt;
        }
    }
    if (types.is_mixed &&
        !planner.reserve(types.metadata,
                         metadata_bytes - std::min(metadata_bytes, planner.left_bytes(types.metadata)))) {
        return std::nullopt;
    }
    cut_to_dense(chunks, dense, packing.relocation);
    packing.relocation.new_chunks = cut_to_filled(planner.new_chunks(), packing.relocation.data);
    for (const auto& [devid, end] : ends) {
        packing.ends[devid] = reserved_at_device_start;
    }
    for (const auto part : {std::span<const Chunk>(packing.relocation.new_chunks), dense}) {
        for (const auto& [devid, places] : places_of(part)) {
            packing.ends[devid] = std::max(packing.ends[devid], places.ranges().back().end);
        }
    }
    return packing;
}

} // namespace btrkit::resize

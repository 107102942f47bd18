// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/plan_parts.h"

#include "libfs/space/free_space.h"
#include "libfs/volume/cut_chunk.h"

#include <algorithm>

namespace btrkit::resize {

namespace {

/// More block groups than that are not worth what they save.
constexpr std::size_t most_dense_chunks = 8;
constexpr u64 least_dense_bytes = 16 * mib;

/// Data without a hole.
std::vector<Range> dense_runs(const SpaceUse& use, const ChunkMap& chunks) {
    std::vector<Range> runs;
    const Chunk* last = nullptr;
    for (const Range extent : use.data) {
        const Chunk* chunk = chunks.find({extent.start});
        if (!runs.empty() && chunk == last && runs.back().end == extent.start) {
            runs.back().end = extent.end;
        } else {
            runs.push_back(extent);
        }
        last = chunk;
    }
    return runs;
}

/// Those that lie before these ends.
std::vector<Chunk> packed_chunks(const ChunkMap& chunks, const DeviceSizes& packed) {
    std::vector<Chunk> all;
    for (const auto& chunk : chunks.chunks()) {
        if (!packed.empty() && ends_below(chunk, packed)) {
            all.push_back(chunk);
        }
    }
    return all;
}

} // namespace

DeviceSizes sizes_now(const SpaceUse& use) {
    DeviceSizes sizes;
    for (const auto& device : use.devices) {
        sizes[device.devid] = device.size_bytes;
    }
    return sizes;
}

ChunkTypes chunk_types(const ChunkMap& chunks) {
    ChunkTypes types;
    for (const auto& chunk : chunks.chunks()) {
        if ((chunk.type & btrfs::block_group_system) != 0) {
            types.system = chunk.type;
        }
        if ((chunk.type & btrfs::block_group_metadata) != 0) {
            types.metadata = chunk.type;
            types.is_mixed = (chunk.type & btrfs::block_group_data) != 0;
        }
    }
    return types;
}

std::vector<Chunk> dense_chunks(const SpaceUse& use, const ChunkMap& chunks, const DeviceSizes& ends,
                                const DeviceSizes& packed) {
    auto runs = dense_runs(use, chunks);
    std::erase_if(runs, [](Range run) { return run.length() < least_dense_bytes; });
    std::ranges::sort(runs, {}, [](Range run) { return std::pair(~run.length(), run.start); });
    auto dense = packed_chunks(chunks, packed);
    const std::size_t most = dense.size() + most_dense_chunks;
    for (const Range run : runs) {
        const Chunk& whole = *chunks.find({run.start});
        if ((whole.type & btrfs::block_group_metadata) != 0 || dense.size() == most) {
            continue;
        }
        const Chunk part = cut_chunk(whole, rows_around(whole, run));
        // A chunk is cut to one part.
        const bool is_first =
            std::ranges::none_of(dense, [&](const Chunk& other) { return whole.contains(other.start); });
        if (is_first && ends_below(part, ends)) {
            dense.push_back(part);
        }
    }
    return dense;
}

bool ends_below(const Chunk& chunk, const DeviceSizes& ends) {
    return std::ranges::all_of(chunk.stripes, [&](const Stripe& stripe) {
        return stripe.offset + chunk.stripe_length_bytes() <= ends.at(stripe.devid);
    });
}

DeviceRanges places_of(std::span<const Chunk> chunks) {
    DeviceRanges places;
    for (const auto& chunk : chunks) {
        for (const auto& stripe : chunk.stripes) {
            places[stripe.devid].insert(range_from(stripe.offset, chunk.stripe_length_bytes()));
        }
    }
    return places;
}

std::vector<DeviceSpace> devices_without(const SpaceUse& use, const DeviceRanges& taken, const DeviceSizes& ends) {
    auto devices = use.devices;
    for (auto& device : devices) {
        const auto found = taken.find(device.devid);
        device.allocated = found == taken.end() ? RangeSet() : found->second;
        device.size_bytes = ends.at(device.devid);
    }
    return devices;
}

bool lies_in(Range extent, std::span<const Chunk> chunks) {
    return std::ranges::any_of(chunks, [&](const Chunk& chunk) {
        return chunk.contains({extent.start}) && extent.end <= range_of(chunk).end;
    });
}

std::vector<Chunk> cut_to_filled(std::vector<Chunk> chunks, const AddressMap& data) {
    std::map<u64, u64> filled_until; // by the start of the chunk
    for (const auto& move : data.moves()) {
        const auto behind = std::ranges::upper_bound(chunks, Logical{move.to}, {}, &Chunk::start);
        if (behind != chunks.begin() && std::prev(behind)->contains({move.to})) {
            u64& end = filled_until[std::prev(behind)->start.bytenr];
            end = std::max(end, move.target().end);
        }
    }
    std::vector<Chunk> filled;
    for (const auto& chunk : chunks) {
        const auto found = filled_until.find(chunk.start.bytenr);
        if ((chunk.type & btrfs::block_group_type_mask) != btrfs::block_group_data) {
            filled.push_back(chunk);
        } else if (found != filled_until.end()) {
            filled.push_back(cut_chunk(chunk, rows_around(chunk, {chunk.start.bytenr, found->second})));
        }
    }
    return filled;
}

bool MoveList::move(Range extent) {
    const Chunk* chunk = committed_.find({extent.start});
    const auto to = planner_.place(chunk->type, extent.length());
    if (!to) {
        return false;
    }
    // No stretch lies in two chunks, before or after.
    const Chunk* around = committed_.find(*to);
    const auto& fresh = planner_.new_chunks();
    const bool begins_chunk =
        (around != nullptr && around->start == *to) || std::ranges::binary_search(fresh, *to, {}, &Chunk::start);
    map_.append(extent, to->bytenr, chunk == last_ && !begins_chunk);
    last_ = chunk;
    return true;
}

} // namespace btrkit::resize

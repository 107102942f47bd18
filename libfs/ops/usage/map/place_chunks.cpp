// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/map/map.h"

namespace btrkit::usage {

namespace {

double& bytes_of_type(MapCell& cell, u64 type) {
    if ((type & btrfs::block_group_data) != 0) {
        return cell.data_bytes;
    }
    return (type & btrfs::block_group_system) != 0 ? cell.system_bytes : cell.metadata_bytes;
}

/// A part of a chunk as one stripe has it.
struct Slice {
    double start = 0; ///< on the device
    double length = 0;
    double fill = 0; ///< how much of it is used, from 0 to 1
    double generation = 0;
    double pieces = 0;
};

void place(const Slice& slice, u64 type, MapDevice& device) {
    const auto cell_bytes = static_cast<double>(device.cell_bytes);
    const double end = std::min(slice.start + slice.length, static_cast<double>(device.size_bytes));
    for (auto number = static_cast<std::size_t>(slice.start / cell_bytes); number < device.cells.size(); ++number) {
        const double cell_start = static_cast<double>(number) * cell_bytes;
        if (cell_start >= end) {
            return;
        }
        const double bytes = std::min(end, cell_start + cell_bytes) - std::max(slice.start, cell_start);
        auto& cell = device.cells[number];
        bytes_of_type(cell, type) += bytes;
        cell.used_bytes += bytes * slice.fill;
        cell.generation_bytes += bytes * slice.fill * slice.generation;
        cell.piece_count += slice.pieces * bytes / slice.length;
    }
}

void place_stripe(const ChunkSpace& space, const Stripe& stripe, MapDevice& device) {
    const auto& chunk = *space.chunk;
    const double shrink = static_cast<double>(chunk.stripe_length_bytes()) / static_cast<double>(chunk.length);
    const u64 bucket_length = space.buckets.empty() ? chunk.length : space.bucket_bytes;
    for (std::size_t number = 0; number < space.buckets.size(); ++number) {
        const auto& bucket = space.buckets[number];
        const u64 start = number * bucket_length;
        const u64 length = std::min(bucket_length, chunk.length - start);
        const auto used = static_cast<double>(bucket.used_bytes);
        place({.start = static_cast<double>(stripe.offset) + static_cast<double>(start) * shrink,
               .length = static_cast<double>(length) * shrink,
               .fill = used / static_cast<double>(length),
               .generation = used == 0 ? 0 : bucket.generation_bytes / used,
               .pieces = static_cast<double>(bucket.extent_count + bucket.free_run_count)},
              chunk.type, device);
    }
}

} // namespace

void place_chunks(const SpaceFacts& facts, std::vector<MapDevice>& devices) {
    for (const auto& space : facts.chunks) {
        for (const auto& stripe : space.chunk->stripes) {
            const auto device = std::ranges::lower_bound(devices, stripe.devid, {}, &MapDevice::devid);
            if (device != devices.end() && device->devid == stripe.devid) {
                place_stripe(space, stripe, *device);
            }
        }
    }
}

} // namespace btrkit::usage

// SPDX-License-Identifier: MIT
// Which chunks there are and where they lie, decided before anything is written.
#pragma once

#include "libfs/ops/mkfs/image/space_state.h"
#include "libfs/ops/mkfs/parameters.h"
#include "libfs/space/chunk_allocator.h"

namespace btrkit::mkfs {

/// Bytes that must fit.
struct SpaceNeeds {
    u64 system = 0;
    u64 metadata = 0;
    u64 data = 0;
};

/// How generous the chunks are.
enum class Fit {
    roomy, ///< sizes like the peer's, so that there is room to work in
    tight  ///< what is needed and no more: the smallest image
};

struct Layout {
    std::vector<Chunk> system;
    std::vector<Chunk> metadata;
    std::vector<Chunk> data;
    std::vector<DeviceSpace> devices;

    /// All of them by address.
    std::vector<const Chunk*> chunks() const;
    ChunkMap chunk_map() const;
    SpaceState space() const;
    /// Leaves out what stands at the end of `data` and was not used, and gives its place on the devices back.
    void drop_data_chunks(std::size_t keep);
};

/// Nothing where it does not fit. A device of size 0 is as large as it must be; its size is then where its last
/// stripe ends.
std::optional<Layout> lay_out(const Parameters& parameters, std::span<const u64> device_sizes, const SpaceNeeds& needs,
                              Fit fit);

/// A layout that holds anything, for rehearsals: one chunk of each kind, single, larger than any device.
Layout boundless_layout(const Parameters& parameters);

/// The smallest device that the peer would make such a filesystem on.
u64 min_device_bytes(const Parameters& parameters);

} // namespace btrkit::mkfs

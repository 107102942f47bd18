// SPDX-License-Identifier: MIT
// What the plans have in common.
#pragma once

#include "libfs/ops/resize/extent_planner.h"
#include "libfs/ops/resize/plans.h"

namespace btrkit::resize {

/// A system chunk has that at least.
inline constexpr u64 least_system_bytes = mib;

/// The devices up to these ends, without the bytes that are given away already.
std::vector<DeviceSpace> devices_without(const SpaceUse& use, const DeviceRanges& taken, const DeviceSizes& ends);

/// Whether the chunk lies before these ends on all its devices.
bool ends_below(const Chunk& chunk, const DeviceSizes& ends);

/// Whether the whole extent lies in one of the chunks.
bool lies_in(Range extent, std::span<const Chunk> chunks);

/// New chunks, by address. Those for data are cut to the rows that the moves fill; what they were not filled with, and
/// chunks that nothing came into, are for others.
std::vector<Chunk> cut_to_filled(std::vector<Chunk> chunks, const AddressMap& data);

/// Places extents, in ascending order, and notes where they go.
class MoveList {
public:
    MoveList(const ChunkMap& committed, ExtentPlanner& planner, AddressMap& map)
        : committed_(committed), planner_(planner), map_(map) {}

    /// False where there is no room.
    bool move(Range extent);

private:
    const ChunkMap& committed_;
    ExtentPlanner& planner_;
    AddressMap& map_;
    const Chunk* last_ = nullptr; ///< that the extent before lies in
};

} // namespace btrkit::resize

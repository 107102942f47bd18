// SPDX-License-Identifier: MIT
// Where everything is to go, worked out on paper from what the extent tree says. A plan is one commit.
#pragma once

#include "libfs/ops/resize/space_use.h"
#include "libfs/relocate/relocate.h"

namespace btrkit::resize {

/// Bytes of devices, by devid.
using DeviceRanges = std::map<u64, RangeSet>;
/// Sizes of devices, by devid.
using DeviceSizes = std::map<u64, u64>;

/// Of all devices, as they are.
DeviceSizes sizes_now(const SpaceUse& use);

/// What has to be of one kind, and how much.
struct ChunkTypes {
    u64 system = 0;
    u64 metadata = 0; ///< the same as data's where both lie in the same groups
    bool is_mixed = false;
};
/// The types of the youngest chunks: what the user has chosen last.
ChunkTypes chunk_types(const ChunkMap& chunks);

/// What is packed already: chunks that lie before `packed` on all their devices, where that is not empty; and the
/// longest stretches of data without a hole, a few, that lie below the ends of all their devices, each as a chunk of
/// its own that stays in its place.
std::vector<Chunk> dense_chunks(const SpaceUse& use, const ChunkMap& chunks, const DeviceSizes& ends,
                                const DeviceSizes& packed);

/// No chunk has any of the `vacated` bytes afterwards, nor anything beyond the ends of the devices. What was there lies
/// in holes of what is left, or in new chunks in space that no chunk has. Nothing where there is no room for it.
std::optional<Relocation> plan_clearing(const SpaceUse& use, const ChunkMap& chunks, const DeviceRanges& vacated,
                                        const DeviceSizes& ends);

/// What is free at both ends of data chunks is no chunk's any more, where that is enough to be worth it, nor what the
/// only metadata chunk does not need: no data moves. Nothing where there is none.
std::optional<Relocation> plan_trimming(const SpaceUse& use, const ChunkMap& chunks);

/// Everything but the dense chunks lies in new chunks without a hole, in the order in which it lay; metadata with the
/// kernel's reserve. They are laid from the start of the devices on, into what the dense chunks leave of them, whatever
/// lies there now: the plan can be carried out where that is nothing. Nothing where the devices end before all has
/// room.
struct Packing {
    Relocation relocation;
    DeviceSizes ends; ///< where the last chunk ends on each device
};
std::optional<Packing> plan_packing(const SpaceUse& use, const ChunkMap& chunks, std::span<const Chunk> dense,
                                    const DeviceSizes& ends);

/// As much data as fits lies in new chunks in exactly these bytes of the devices, which nothing has now. It comes from
/// chunks that are not dense; those that have nothing left go. Nothing where nothing fits.
std::optional<Relocation> plan_part(const SpaceUse& use, const ChunkMap& chunks, std::span<const Chunk> dense,
                                    const DeviceRanges& window);

/// Whether kernels find room for metadata after that: in its block groups, or in space that no chunk has.
bool leaves_reserve(const SpaceUse& use, const ChunkMap& chunks, const Relocation& relocation, const DeviceSizes& ends);

/// Whether packing would gain next to nothing: there are not more chunks already than it would make, nor do they take
/// more, and all of them lie below the ends.
bool is_packed(const SpaceUse& use, const ChunkMap& chunks, const DeviceSizes& ends);

/// The bytes of devices that a chunk has.
DeviceRanges places_of(std::span<const Chunk> chunks);

} // namespace btrkit::resize

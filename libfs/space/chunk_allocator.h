// SPDX-License-Identifier: MIT
// New chunks on the devices of a filesystem, in the holes that those have that are there already.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/volume/chunk_map.h"

#include <optional>
#include <vector>

namespace btrkit {

/// The start of every device, where no chunk may lie: the primary superblock and whatever boots the machine.
inline constexpr u64 reserved_at_device_start = u64{1} << 20;

/// A device as far as chunks are laid on it.
struct DeviceSpace {
    u64 devid = 0;
    btrfs::Uuid uuid;
    u64 size_bytes = 0;
    RangeSet allocated = {}; ///< its device extents

    u64 allocated_bytes() const { return allocated.total_bytes(); }
    /// Where its last device extent ends, or where the first one could begin.
    u64 allocated_end() const;
    /// The first hole from an offset on, from a multiple of 64 KiB up to a device extent or the device's end. Nothing
    /// lies in the first 1 MiB.
    std::optional<Range> first_hole(u64 from = 0) const;
};

class ChunkAllocator {
public:
    /// The first chunk will have the logical address first_start: behind all chunks that are there.
    ChunkAllocator(std::vector<DeviceSpace> devices, Logical first_start)
        : devices_(std::move(devices)), next_start_(first_start) {}

    /// A chunk of that type and profile (block_group_* flags) whose stripes are stripe_bytes long, or as long as the
    /// devices allow: a stripe, and both of dup together, lies in one hole. They lie on as many devices as the profile
    /// takes, those with the longest holes first, and there in the first hole that has room. Nothing where they would
    /// get shorter than min_stripe_bytes, or where there are too few devices. All lengths and places are multiples of
    /// 64 KiB.
    std::optional<Chunk> allocate(u64 type, u64 stripe_bytes, u64 min_stripe_bytes);

    /// The chunk's place on the devices is taken, and the next one begins behind it.
    void claim(const Chunk& chunk);

    /// Stripes that hold distinct data in a chunk that allocate() would lay now, if space were no matter; 0 where there
    /// are too few devices.
    u32 data_stripes(u64 type) const;

    std::span<const DeviceSpace> devices() const { return devices_; }

private:
    struct Candidate;
    std::vector<Candidate> choose_devices(u64 type, u64 min_stripe_bytes);

    std::vector<DeviceSpace> devices_;
    Logical next_start_;
};

} // namespace btrkit

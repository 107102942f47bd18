// SPDX-License-Identifier: MIT
// Logical addresses written: every copy, and parity.
#pragma once

#include "libfs/volume/chunk_map.h"
#include "libfs/volume/writable_devices.h"

namespace btrkit {

/// A part of what is written to a logical address, and where one copy of it comes to stand.
struct StoredPart {
    WritableDevice* device = nullptr;
    u64 offset = 0; ///< on the device
    u64 from = 0;   ///< in what is written
    u64 length = 0;
};

/// Several threads may write parts that don't overlap. Fails with io.
Result<void> write_parts(std::span<const StoredPart> parts, Bytes bytes);

class VolumeWriter {
public:
    /// The devices must outlive it and be all that the chunks name.
    VolumeWriter(WritableDevices devices, const ChunkMap& chunks) : devices_(std::move(devices)), chunks_(&chunks) {}

    /// Writes to every copy; in raid5 and raid6 the data only. Several threads may write at places that don't overlap.
    /// To be called outside all chunks is a bug. Fails with io.
    Result<void> write(Logical at, Bytes bytes) const;

    /// What write() would do, for who does it later: when chunks may be added meanwhile, say.
    Result<std::vector<StoredPart>> parts(Logical at, u64 length) const;

    /// The same as write(), sharing the blocks of a file of the host (WritableDevice::clone).
    Result<void> clone(Logical at, int source, u64 source_offset, u64 length) const;

    /// Makes the parity right of all rows that hold bytes of [start, end) of one chunk, from what the devices hold
    /// there now. Does nothing where the chunk has no parity.
    Result<void> write_parity(const Chunk& chunk, Logical start, Logical end) const;

private:
    /// Calls put(device, offset there, offset from at, length) for every stored run of [at, at + length).
    template <class Put>
    Result<void> for_each_run(Logical at, u64 length, Put put) const;
    Result<void> write_row_parity(const Chunk& chunk, Logical row_start) const;

    WritableDevices devices_;
    const ChunkMap* chunks_;
};

} // namespace btrkit

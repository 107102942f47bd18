// SPDX-License-Identifier: MIT
// Chunks, what is used in them and its checksums, walked together: unit after unit, in the order of the devices.
#pragma once

#include "libfs/survey/verify/checksum_source.h"
#include "libfs/survey/verify/extent_source.h"

namespace btrkit::survey {

/// A chunk as far as its devices may hold it: whatever a chunk says of its length, its units come to an end.
struct ChunkPart {
    const Chunk* chunk = nullptr;
    u64 end = 0; ///< logical; behind the chunk's own end never

    bool is_whole() const { return end - chunk->start.bytenr == chunk->length; }
};

/// The chunks that pass and have a stripe on a device that was given, in the order in which their first stripe stands
/// on its device; with a devid only those with a stripe on it, by their place there. They are cut far behind the ends
/// of all their devices: an image that was cut off has all of them as far as anybody may miss them.
using ChunkFilter = std::function<bool(const Chunk&)>;
std::vector<ChunkPart> chunks_in_device_order(const Volume& volume, const ChunkFilter& passes,
                                              std::optional<u64> devid = {});

class UnitMaker {
public:
    /// Sources and chunks outlive it. Where several sources have a checksum, that of the first counts.
    UnitMaker(const Geometry& geometry, std::vector<ChunkPart> chunks, ExtentSource& extents,
              std::span<const std::unique_ptr<ChecksumSource>> checksums)
        : geometry_(geometry), chunks_(std::move(chunks)), extents_(extents), checksums_(checksums) {}

    /// Makes the next unit in which anything may be used. False at the end.
    bool next(VerifyUnit& unit);
    /// Goes on at that chunk (its logical start), behind that address. False where there is no such chunk, or
    /// the address is not in it.
    bool skip_to(u64 chunk_start, u64 position);

private:
    std::optional<u64> first_used(u64 chunk_end);
    void begin(VerifyUnit& unit, const ChunkPart& part, u64 from) const;
    void fill(VerifyUnit& unit);
    static void mark(VerifyUnit& unit, const UsedExtent& extent);
    static void extend(VerifyUnit& unit, u64 end);

    const Geometry& geometry_;
    std::vector<ChunkPart> chunks_;
    ExtentSource& extents_;
    std::span<const std::unique_ptr<ChecksumSource>> checksums_;
    std::size_t chunk_ = 0;
    u64 position_ = 0; ///< logical; what lies before it in the chunk was handed out
};

} // namespace btrkit::survey

// SPDX-License-Identifier: MIT
// A set of devices as one space of logical addresses, readable by mirror number.
//
// Devices may be missing: what lies on them is read from other mirrors as far as redundancy goes.
#pragma once

#include "libfs/io/block_device.h"
#include "libfs/volume/chunk_map.h"
#include "libfs/volume/superblock_copies.h"

#include <map>
#include <memory>

namespace btrkit {

struct VolumeOptions {
    /// Take this superblock mirror (0..2) of each device instead of the newest valid one.
    std::optional<unsigned> super_mirror;
};

/// A device of the filesystem, by its id.
struct Member {
    u64 devid = 0;
    const BlockDevice* device = nullptr; ///< null: not given
    btrfs::Uuid uuid;
    u64 generation = 0; ///< of its superblock; 0 while missing
    bool stale = false; ///< its generation is behind the filesystem's: its mirrors are tried last
};

class Volume {
public:
    /// Puts together the filesystem of the first device. Devices may come in any order; those of other
    /// filesystems are reported and left out, but for seeds of this one. Where the first device is a seed and
    /// another is a sprout (not a seed, other fsid), the sprout's filesystem is opened.
    ///
    /// Reports: invalid and differing mirrors, foreign, duplicate, stale and truncated devices, superblocks that
    /// disagree, damage in the system array. Missing devices are reported later, by report_missing(), because only
    /// the chunk tree knows them. Fails only where no device has a valid superblock, or none are given.
    static Result<Volume> open(std::vector<std::unique_ptr<BlockDevice>> devices, const VolumeOptions& options,
                               const ProblemSink& report);

    const btrfs::Superblock& super() const { return super_; }
    const Geometry& geometry() const { return geometry_; }
    const ChunkMap& chunks() const { return chunks_; }
    /// By devid. Devices join when a superblock, chunk or device item names them.
    const std::map<u64, Member>& members() const { return members_; }

    /// Adds a chunk that the chunk tree told of. False where it overlaps another.
    bool add_chunk(Chunk chunk);
    /// Adds what a device item of the chunk tree tells: a member that is missing, or a seed among the given devices.
    void add_device_item(const btrfs::DevItem& item);
    /// Reports the members that chunks or device items name and that were not given.
    void report_missing(const ProblemSink& report) const;

    /// Mirrors of an address; 0 where no chunk holds it.
    unsigned mirror_count(Logical at) const;

    /// The mirrors of an address in the order in which they should be tried: those on stale devices last.
    std::vector<unsigned> mirror_order(Logical at) const;

    /// Reads one mirror, across stripe and chunk borders, rebuilding from parity where the mirror says so. Fails with
    /// not_found (no chunk), missing_device, or io; the message names device and offset.
    Result<void> read(Logical at, MutableBytes out, unsigned mirror) const;

    struct ReadRequest {
        Logical at;
        MutableBytes out;
        bool done = false; ///< set by read_many: out holds the bytes
    };
    /// Reads the preferred mirror of many places: sorted by place on the devices, neighbours in one request. What
    /// could not be read is left undone, to be read mirror by mirror.
    void read_many(std::span<ReadRequest> requests) const;

    /// Tells the devices that these places will be wanted soon.
    void prefetch(std::span<const Logical> places, u32 length_bytes) const;

private:
    Volume() = default;

    std::vector<std::unique_ptr<BlockDevice>> devices_;
    btrfs::Superblock super_;
    Geometry geometry_;
    ChunkMap chunks_;
    std::map<u64, Member> members_;
};

} // namespace btrkit

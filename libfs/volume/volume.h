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
    /// Take this superblock mirror (0..2) of each device and no other.
    std::optional<unsigned> super_mirror = {};
    /// Else: the mirror that is tried first. See speaking_copy().
    unsigned preferred_mirror = 0;
};

/// A device of the filesystem, by its id. A seed that was adopted is never stale.
struct Member {
    u64 devid = 0;
    const BlockDevice* device = nullptr; ///< null: not given
    btrfs::Uuid uuid;
    u64 generation = 0;        ///< of its superblock; 0 while missing
    unsigned super_mirror = 0; ///< which of its superblocks speaks for it
    bool stale = false;        ///< its generation is behind the filesystem's: its mirrors are tried last
};

class Volume {
public:
    /// Puts together the filesystem of the first device that has a valid superblock. Devices may come in any order.
    /// Where that device is a seed and another is a sprout (not a seed, other fsid), the sprout's filesystem is
    /// opened. One filesystem: same fsid; or same fsid in the tree blocks where a change of the fsid is unfinished.
    /// The newest superblock among those that speak for the devices is the filesystem's. (A device whose first
    /// superblock is behind it, but which has a mirror that is not, is not stale: that mirror speaks for it.)
    ///
    /// Reports: devices without a superblock, what check_superblock() has against the ones that are used, invalid
    /// and differing mirrors, foreign, duplicate, stale and truncated devices, superblocks of one generation that
    /// disagree, damage in the system array. What only the chunk tree knows comes later, by report_devices(). Fails
    /// only where no device has a valid superblock (damaged), or none are given (usage).
    static Result<Volume> open(std::vector<std::unique_ptr<BlockDevice>> devices, const VolumeOptions& options,
                               const ProblemSink& report);

    /// Gives the devices back; nothing else may be asked of it then.
    std::vector<std::unique_ptr<BlockDevice>> release_devices() && { return std::move(devices_); }

    const btrfs::Superblock& super() const { return super_; }
    const Geometry& geometry() const { return geometry_; }
    const ChunkMap& chunks() const { return chunks_; }
    /// By devid. Devices join when a superblock, chunk or device item names them.
    const std::map<u64, Member>& members() const { return members_; }

    /// Null where it was not given.
    const BlockDevice* device_of(u64 devid) const;

    /// Adds a chunk that the chunk tree told of, and the devices of its stripes. False where it overlaps another.
    bool add_chunk(Chunk chunk);
    /// Adds what a device item of the chunk tree tells: a member that is missing, or a seed among the given devices.
    void add_device_item(const btrfs::DevItem& item);
    /// Reports what the chunk tree told about the devices: those that it names and that were not given, seeds that
    /// it does not name, and those that it names with another uuid.
    void report_devices(const ProblemSink& report) const;

    /// Mirrors of an address; 0 where no chunk holds it.
    unsigned mirror_count(Logical at) const;

    /// The mirrors of an address in the order in which they should be tried: those on stale devices last, and behind
    /// them those on missing ones.
    std::vector<unsigned> mirror_order(Logical at) const;

    /// Reads one mirror, across stripe and chunk borders, rebuilding from parity where the mirror says so. Fails with
    /// not_found (no chunk), missing_device, or io; the message names device and offset.
    Result<void> read(Logical at, MutableBytes out, unsigned mirror) const;

    /// Reads bytes of one device. Fails with missing_device or io.
    Result<void> read_physical(Physical place, MutableBytes out) const;

    struct ReadRequest {
        Logical at;
        MutableBytes out;
        unsigned mirror = 0; ///< 0: the preferred one, the first of mirror_order()
        bool done = false;   ///< set by read_many: out holds the bytes
    };
    /// Reads one mirror each of many places: sorted by place on the devices, neighbours in one request. What could not
    /// be read is left undone, to be read mirror by mirror; its out is then undefined.
    void read_many(std::span<ReadRequest> requests) const;

    /// Tells the devices that these places will be wanted soon.
    void prefetch(std::span<const Logical> places, u32 length_bytes) const;

private:
    /// A given device that is a seed of this filesystem if the chunk tree says so.
    struct Seed {
        const BlockDevice* device;
        u64 devid;
        btrfs::Uuid uuid;
        btrfs::Uuid fsid;
        u64 generation;
    };
    /// What one place has of one request of many.
    struct Piece {
        Physical place;
        u64 length;
        std::size_t request; ///< its number
        u64 offset;          ///< in what the request reads
    };

    Volume() = default;

    void add_system_chunks(const std::string& device_name, const ProblemSink& report);
    Member& join(u64 devid, const btrfs::Uuid& uuid);
    void adopt_seed(Member& member, const btrfs::Uuid& uuid);

    unsigned preferred_mirror(const Chunk& chunk, Logical at) const; ///< 0: there is none
    unsigned mirror_or_preferred(const Chunk& chunk, Logical at, unsigned mirror) const;
    int reluctance(const Chunk& chunk, Logical at, unsigned mirror) const;

    Result<void> rebuild(const Chunk& chunk, Logical at, MutableBytes out, unsigned mirror) const;
    bool collect_pieces(Logical at, u64 length, unsigned wanted, std::size_t request, std::vector<Piece>& pieces) const;
    bool read_parts(const ReadRequest& request) const;
    void read_run(std::span<const Piece> run, std::span<ReadRequest> requests) const;

    std::vector<std::unique_ptr<BlockDevice>> devices_;
    btrfs::Superblock super_;
    Geometry geometry_;
    ChunkMap chunks_;
    std::map<u64, Member> members_;
    std::vector<Seed> seeds_;  ///< not adopted yet
    Problems device_problems_; ///< for report_devices()
};

} // namespace btrkit

// SPDX-License-Identifier: MIT
// The chunks and devices of a transaction: new chunks, where block groups are full or a plan says so; chunks that are
// cut or go; devices of which the filesystem is to have more or less.
#pragma once

#include "libfs/space/chunk_allocator.h"
#include "libfs/txn/new_identity.h"
#include "libfs/volume/volume.h"

namespace btrkit {

class ChunkGrowth {
public:
    /// All must outlive it. volume: of the filesystem over the overlays.
    ChunkGrowth(Volume& volume, const Filesystem& filesystem, TreeTable& trees, const Geometry& geometry,
                const btrfs::Uuid& chunk_tree_uuid)
        : volume_(&volume), filesystem_(&filesystem), trees_(&trees), geometry_(&geometry),
          chunk_tree_uuid_(chunk_tree_uuid) {}

    /// A chunk of that type (one of block_group_data, _metadata, _system) with the profile of those that are there, as
    /// long as a kernel would make it or as there is room. It is known to the volume; chunk tree and device tree wait
    /// for their items. Its block group and its free space are the caller's matter. Nothing where no device has room.
    /// Fails with damaged.
    Result<std::optional<Chunk>> grow(u64 type);

    /// A chunk that was planned, in space of the devices that no committed chunk has. Fails as grow().
    Result<void> add(const Chunk& chunk);
    /// A committed chunk is cut to what is left (cut_chunk()), or goes. It is readable as it was until the transaction
    /// ends, and no new chunk takes its place. Fails with damaged.
    Result<void> cut(const Chunk& chunk, const std::optional<Chunk>& left);
    /// The filesystem has so much of the device from now on; new chunks keep to it. To be told before all else.
    void resize_device(u64 devid, u64 total_bytes) { new_device_bytes_[devid] = total_bytes; }
    /// The DEV_ITEMs of resized devices wait for the chunk tree, too. Fails with damaged.
    Result<void> put_resized_devices();

    /// What the superblock of a device says of devices and system chunks is right. Fails with no_space.
    Result<void> renew(btrfs::Superblock& super) const;

    /// Chunks that are added from now on name devices by these ids in their items.
    void set_identity(NewIdentity identity) { identity_ = std::move(identity); }
    const std::optional<NewIdentity>& identity() const { return identity_; }

private:
    Result<void> load_devices();
    Result<void> take_in(const Chunk& chunk);
    void note_stripes(const Chunk& chunk, std::int64_t sign);
    btrfs::DevItem device_item_now(u64 devid) const;
    Result<void> put_device_items(std::span<const Stripe> stripes);
    Result<void> put_device_extents(const Chunk& chunk);
    std::optional<u64> profile_of(u64 type) const;
    u64 stripe_bytes(u64 type) const;

    Volume* volume_;
    const Filesystem* filesystem_;
    TreeTable* trees_;
    const Geometry* geometry_;
    btrfs::Uuid chunk_tree_uuid_;
    std::optional<ChunkAllocator> allocator_;
    u64 total_bytes_ = 0;                        ///< of all devices
    std::map<u64, btrfs::DevItem> device_items_; ///< by devid, as committed
    std::optional<NewIdentity> identity_;
    std::vector<Chunk> added_;
    std::map<u64, std::optional<Chunk>> cut_; ///< what is left of chunks that are cut, by their start
    std::map<u64, std::int64_t> use_change_;  ///< bytes of device extents, by devid
    std::map<u64, u64> new_device_bytes_;     ///< of resized devices, by devid
};

} // namespace btrkit

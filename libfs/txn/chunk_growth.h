// SPDX-License-Identifier: MIT
// New chunks in a transaction, where block groups are full.
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

    /// Chunks that are added from now on name devices by these ids in their items.
    void set_identity(NewIdentity identity) { identity_ = std::move(identity); }
    const std::optional<NewIdentity>& identity() const { return identity_; }

    std::span<const Chunk> added() const { return added_; }
    /// Of the device's extents that are new.
    u64 added_bytes(u64 devid) const;

private:
    Result<void> load_devices();
    std::optional<u64> profile_of(u64 type) const;
    u64 stripe_bytes(u64 type) const;
    Result<void> put_items(const Chunk& chunk);

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
};

} // namespace btrkit

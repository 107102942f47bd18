// SPDX-License-Identifier: MIT
// Devices with trees on them, block by block: whole trees from sorted items, and every copy of every block within reach
// of a test that wants to damage it.
#pragma once

#include "libfs/tree/tree_walk.h"
#include "tests/support/build_leaf.h"
#include "tests/support/volume_image.h"

#include <functional>

namespace btrkit::test {

/// A block as its parent promises it, and what lies below.
struct PlantedBlock {
    Promise promise;
    std::vector<PlantedBlock> children = {};
    std::vector<LeafItem> items = {}; ///< of a leaf

    u64 address() const { return promise.address.bytenr; }
    u8 level() const { return *promise.level; }
};

/// Needs a block that is not an empty root.
const btrfs::Key& first_key(const PlantedBlock& block);

/// Sets what parents promise beyond address and level: the first key, and the end, which is where the next block
/// begins.
void promise_keys(PlantedBlock& block, const std::optional<btrfs::Key>& end);

/// How full the blocks of a planted tree are: small numbers make high trees.
struct TreeShape {
    std::size_t items_a_leaf = 5;
    std::size_t pointers_a_node = 4;
};

/// Nodes of 4 KiB, all of generation 18. Until finish() there are no device items and no chunk tree.
class MetadataImage {
public:
    /// A metadata chunk of this profile (single, DUP or RAID1 and its like) on as many devices as that needs.
    explicit MetadataImage(u64 profile = 0);

    const Geometry& geometry() const { return geometry_; }
    u64 generation() const { return geometry_.generation; }
    /// How many copies of a block there are.
    unsigned copies() const;
    btrfs::Superblock& super(u64 devid = 1) { return image_.super(devid); }
    std::vector<u64> devids() const;
    const std::vector<Chunk>& chunks() const { return image_.chunks(); }

    /// The next free place for a block in the metadata chunk.
    u64 take_address();
    /// Writes a block to all copies of the place that its header names, or of another.
    void put(Block block) { put(header_in(block).bytenr, block); }
    void put(u64 address, const Block& block);
    /// One copy of a block, mirrors from 1 on.
    MutableBytes copy(u64 address, unsigned mirror);
    Block block(u64 address);

    /// A tree of these items, which must be sorted. No items: an empty leaf.
    PlantedBlock plant(u64 owner, const std::vector<LeafItem>& items, TreeShape shape = {});
    /// Plants the chunk tree, and lets the superblocks point to it.
    void plant_chunk_tree();

    // Damage. The first two make the checksum right again.
    void change(u64 address, const std::function<void(Block&)>& change_block);
    void change_copy(u64 address, unsigned mirror, const std::function<void(Block&)>& change_block);
    /// Makes the checksum of one copy wrong, or of all.
    void spoil(u64 address, unsigned mirror);
    void spoil(u64 address);

    std::unique_ptr<BlockDevice> device(u64 devid) { return image_.device(devid); }
    std::vector<std::unique_ptr<BlockDevice>> all_devices() { return image_.all_devices(); }
    /// The bytes of a device as they are, superblock and all.
    std::vector<std::byte> device_bytes(u64 devid);
    /// With all chunks known, as if the chunk tree had been read.
    Volume open() { return open(all_devices()); }
    Volume open(std::vector<std::unique_ptr<BlockDevice>> devices) const;

private:
    const Chunk& chunk_at(u64 address) const;
    std::vector<LeafItem> chunk_tree_items();

    VolumeImage image_;
    Geometry geometry_;
    u64 next_address_ = 0;
};

/// Every block of a tree, in the three orders: written down from what was planted, for comparison.
std::vector<const PlantedBlock*> blocks_in_order(const PlantedBlock& root, WalkOrder order);

} // namespace btrkit::test

// SPDX-License-Identifier: MIT
// Filesystems without trees, made in memory: superblocks that are valid, and chunks full of known bytes that a layout
// written for the tests alone puts on the devices.
#pragma once

#include "libfs/io/memory_device.h"
#include "libfs/volume/volume.h"
#include "tests/support/sample_superblock.h"

#include <map>

namespace btrkit::test {

/// A uuid that is different for each number.
btrfs::Uuid uuid_of(u8 number);

/// A sealed superblock at the first offset that check_superblock() has nothing against, of a device with this id;
/// its array of system chunks is empty.
btrfs::Superblock superblock_of(u64 devid, u64 device_bytes);
void put_superblock(SparseBytes& device, const btrfs::Superblock& super);

std::vector<std::byte> chunk_item(const Chunk& chunk);
/// Appends a chunk to the array of system chunks.
void append_system_chunk(btrfs::Superblock& super, const Chunk& chunk);

/// The byte that every filled chunk has at an address.
std::byte content_at(Logical at);
/// Whether bytes are what chunks hold from an address on.
bool is_content(Logical at, Bytes bytes);

class VolumeImage {
public:
    /// Devices 1 to count. All superblocks hold one system chunk, single, on device 1.
    explicit VolumeImage(unsigned count, u64 device_bytes = u64{2} << 20);

    /// Puts a chunk behind the last one, on these devices, and fills it.
    const Chunk& add_chunk(u64 type, u64 length, const std::vector<u64>& devids);
    const std::vector<Chunk>& chunks() const { return chunks_; }

    unsigned count() const { return static_cast<unsigned>(devices_.size()); }
    btrfs::Superblock& super(u64 devid) { return supers_.at(devid); }
    SparseBytes& bytes(u64 devid) { return devices_.at(devid); }

    /// A copy of a device with its superblock sealed and written.
    std::unique_ptr<BlockDevice> device(u64 devid);
    std::vector<std::unique_ptr<BlockDevice>> all_devices();

    /// Opens devices and adds all chunks, as reading the chunk tree would.
    Volume open(std::vector<std::unique_ptr<BlockDevice>> devices, Problems& problems) const;

private:
    void fill(const Chunk& chunk);
    void fill_parity_rows(const Chunk& chunk);
    void write(const Chunk& chunk, u32 stripe, u64 offset, Bytes bytes);

    std::map<u64, btrfs::Superblock> supers_;
    std::map<u64, SparseBytes> devices_;
    std::map<u64, u64> next_physical_;
    u64 next_logical_ = u64{1} << 20;
    std::vector<Chunk> chunks_;
};

} // namespace btrkit::test

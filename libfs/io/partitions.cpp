// SPDX-License-Identifier: MIT
#include "libfs/io/partitions.h"

#include "formats/btrfs/superblock.h"
#include "libfs/io/host_file.h"

#include <cstddef>
#include <memory>

#include <blkid/blkid.h>
#include <fcntl.h>

namespace btrkit {

namespace {

/// What libblkid counts in, whatever the device has.
constexpr u64 blkid_sector_bytes = 512;

bool has_btrfs_magic(const HostFile& file, u64 partition_offset) {
    btrfs::le64 magic;
    const u64 at = partition_offset + btrfs::superblock_offsets[0] + offsetof(btrfs::Superblock, magic);
    const MutableBytes out = std::as_writable_bytes(std::span(&magic, 1));
    return file.read_scattered(at, std::span(&out, 1)) && magic == btrfs::superblock_magic;
}

} // namespace

Result<std::vector<Partition>> read_partitions(const std::string& path) {
    BTRKIT_TRY_ASSIGN(const auto file, HostFile::open(path, O_RDONLY));
    std::vector<Partition> partitions;
    if (file.size_bytes() == 0) {
        return partitions;
    }
    const std::unique_ptr<std::remove_pointer_t<blkid_probe>, decltype(&::blkid_free_probe)> probe(::blkid_new_probe(),
                                                                                                   &::blkid_free_probe);
    if (probe == nullptr || ::blkid_probe_set_device(probe.get(), file.fd(), 0, 0) != 0) {
        return partitions; // too small for any table
    }
    ::blkid_probe_enable_partitions(probe.get(), 1);
    const blkid_partlist list = ::blkid_probe_get_partitions(probe.get());
    const int count = list == nullptr ? 0 : ::blkid_partlist_numof_partitions(list);
    for (int i = 0; i < count; ++i) {
        const blkid_partition partition = ::blkid_partlist_get_partition(list, i);
        const u64 offset = static_cast<u64>(::blkid_partition_get_start(partition)) * blkid_sector_bytes;
        partitions.push_back(
            {.number = static_cast<unsigned>(::blkid_partition_get_partno(partition)),
             .offset = offset,
             .length_bytes = static_cast<u64>(::blkid_partition_get_size(partition)) * blkid_sector_bytes,
             .holds_btrfs = has_btrfs_magic(file, offset)});
    }
    return partitions;
}

} // namespace btrkit

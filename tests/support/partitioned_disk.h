// SPDX-License-Identifier: MIT
// Partition tables, as far as libblkid needs them to believe in one.
#pragma once

#include "libfs/base/bytes.h"

#include <string>
#include <vector>

namespace btrkit::test {

struct DiskPartition {
    u64 offset; ///< bytes, multiples of a sector
    u64 length_bytes;
    std::string name;    ///< ASCII, for a GPT
    u8 uuid_byte = 0xab; ///< of which its uuid consists
};

/// The first bytes of a disk of that size with a GPT: protective MBR, header, entries.
std::vector<std::byte> gpt_of(u64 disk_size, const std::vector<DiskPartition>& partitions, u32 bytes_a_sector = 512);

/// The first sector of a disk with a DOS table of up to four partitions; disk id 0x11223344.
std::vector<std::byte> dos_table_of(const std::vector<DiskPartition>& partitions);

} // namespace btrkit::test

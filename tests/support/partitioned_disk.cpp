// SPDX-License-Identifier: MIT
// Formats: UEFI specification 2.10, 5.3 (GPT) and 5.2.1 (MBR).
#include "tests/support/partitioned_disk.h"

namespace btrkit::test {

namespace {

constexpr u32 entry_bytes = 128;
constexpr u32 entry_count = 128;
constexpr std::size_t mbr_entries = 446;

void put_number(std::vector<std::byte>& bytes, std::size_t offset, u64 number, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
        bytes[offset + i] = static_cast<std::byte>(number >> (8 * i));
    }
}

/// CRC-32 as in Ethernet.
u32 crc_of(Bytes bytes) {
    u32 crc = ~u32{0};
    for (const std::byte byte : bytes) {
        crc ^= static_cast<u32>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
        }
    }
    return ~crc;
}

void put_mbr_entry(std::vector<std::byte>& bytes, std::size_t index, u8 type, u64 begin, u64 count) {
    const std::size_t at = mbr_entries + index * 16;
    put_number(bytes, at + 4, type, 1);
    put_number(bytes, at + 8, begin, 4);
    put_number(bytes, at + 12, count, 4);
    put_number(bytes, 510, 0xaa55, 2);
}

} // namespace

std::vector<std::byte> gpt_of(u64 disk_size, const std::vector<DiskPartition>& partitions, u32 bytes_a_sector) {
    const u64 sectors = disk_size / bytes_a_sector;
    const u64 entries_at = u64{2} * bytes_a_sector;
    const u64 first_usable = 2 + u64{entry_bytes} * entry_count / bytes_a_sector;
    std::vector<std::byte> bytes(first_usable * bytes_a_sector);
    put_mbr_entry(bytes, 0, 0xee, 1, sectors - 1);
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        const auto& partition = partitions[i];
        const std::size_t at = entries_at + i * entry_bytes;
        put_number(bytes, at, 0x0fc63daf, 4); // "Linux filesystem data", the first bytes of it
        for (std::size_t byte = 0; byte < 16; ++byte) {
            put_number(bytes, at + 16 + byte, partition.uuid_byte, 1);
        }
        put_number(bytes, at + 32, partition.offset / bytes_a_sector, 8);
        put_number(bytes, at + 40, (partition.offset + partition.length_bytes) / bytes_a_sector - 1, 8);
        for (std::size_t c = 0; c < partition.name.size(); ++c) {
            put_number(bytes, at + 56 + 2 * c, static_cast<u8>(partition.name[c]), 2);
        }
    }
    const std::size_t header = bytes_a_sector;
    const std::string_view magic = "EFI PART";
    std::ranges::copy(std::as_bytes(std::span(magic)), bytes.begin() + static_cast<std::ptrdiff_t>(header));
    put_number(bytes, header + 8, 0x00010000, 4);
    put_number(bytes, header + 12, 92, 4);
    put_number(bytes, header + 24, 1, 8);
    put_number(bytes, header + 32, sectors - 1, 8);
    put_number(bytes, header + 40, first_usable, 8);
    put_number(bytes, header + 48, sectors - first_usable, 8);
    put_number(bytes, header + 56, 0xd15c, 4); // of the disk's uuid
    put_number(bytes, header + 72, 2, 8);
    put_number(bytes, header + 80, entry_count, 4);
    put_number(bytes, header + 84, entry_bytes, 4);
    put_number(bytes, header + 88, crc_of(Bytes(bytes).subspan(entries_at, entry_bytes * entry_count)), 4);
    put_number(bytes, header + 16, crc_of(Bytes(bytes).subspan(header, 92)), 4);
    return bytes;
}

std::vector<std::byte> dos_table_of(const std::vector<DiskPartition>& partitions) {
    std::vector<std::byte> bytes(512);
    put_number(bytes, 440, 0x11223344, 4);
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        put_mbr_entry(bytes, i, 0x83, partitions[i].offset / 512, partitions[i].length_bytes / 512);
    }
    return bytes;
}

} // namespace btrkit::test

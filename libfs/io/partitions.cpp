// SPDX-License-Identifier: MIT
#include "libfs/io/partitions.h"

#include "libfs/base/ascii.h"
#include "libfs/io/blkid_probe.h"
#include "libfs/io/btrfs_trace.h"
#include "libfs/io/signature.h"

#include <array>

#include <fcntl.h>
#include <fmt/format.h>

namespace btrkit {

namespace {

/// What libblkid counts in, whatever the device has.
constexpr u64 blkid_sector_bytes = 512;

std::string text_or_empty(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

/// What stands in a partition. A mirror alone makes it a btrfs only where nothing newer stands there.
void look_into(const std::string& path, Partition& partition) {
    const ImagePlace place{
        .path = path, .name = path, .offset = partition.offset, .length_bytes = partition.bytes_there};
    const auto device = open_image(place);
    if (partition.bytes_there == 0 || !device) {
        return;
    }
    const auto trace = find_btrfs_trace(**device);
    const auto signatures = find_signatures(place);
    for (const auto& signature : signatures.value_or(std::vector<Signature>())) {
        if (partition.type.empty() || signature.type == "btrfs") {
            partition.type = signature.type;
            partition.label = signature.label;
        }
    }
    if (trace == BtrfsTrace::first || (trace == BtrfsTrace::mirror && partition.type.empty())) {
        partition.type = "btrfs";
    }
}

bool is_extended(blkid_partition partition) {
    constexpr std::array dos_types = {0x05, 0x0f, 0x85};
    const bool is_dos = text_or_empty(::blkid_parttable_get_type(::blkid_partition_get_table(partition))) == "dos";
    return is_dos && std::ranges::find(dos_types, ::blkid_partition_get_type(partition)) != dos_types.end();
}

Partition partition_of(blkid_partition partition, u64 disk_bytes) {
    Partition found{.number = static_cast<unsigned>(::blkid_partition_get_partno(partition)),
                    .offset = static_cast<u64>(::blkid_partition_get_start(partition)) * blkid_sector_bytes,
                    .length_bytes = static_cast<u64>(::blkid_partition_get_size(partition)) * blkid_sector_bytes,
                    .bytes_there = 0,
                    .uuid = text_or_empty(::blkid_partition_get_uuid(partition)),
                    .name = text_or_empty(::blkid_partition_get_name(partition)),
                    .type = {},
                    .label = {}};
    found.bytes_there = std::min(found.length_bytes, disk_bytes - std::min(disk_bytes, found.offset));
    return found;
}

std::vector<Partition> partitions_in(const HostFile& file, unsigned sector_bytes) {
    std::vector<Partition> partitions;
    const auto probe = make_blkid_probe(file, {.offset = 0, .length_bytes = file.size_bytes()});
    if (probe == nullptr) {
        return partitions; // too small for any table
    }
    ::blkid_probe_set_sectorsize(probe.get(), sector_bytes);
    ::blkid_probe_enable_partitions(probe.get(), 1);
    const blkid_partlist list = ::blkid_probe_get_partitions(probe.get());
    const int count = list == nullptr ? 0 : ::blkid_partlist_numof_partitions(list);
    for (int i = 0; i < count; ++i) {
        const blkid_partition partition = ::blkid_partlist_get_partition(list, i);
        if (!is_extended(partition)) {
            partitions.push_back(partition_of(partition, file.size_bytes()));
        }
    }
    return partitions;
}

} // namespace

Result<std::vector<Partition>> read_partitions(const std::string& path) {
    BTRKIT_TRY_ASSIGN(const auto file, HostFile::open(path, O_RDONLY));
    std::vector<Partition> partitions;
    for (const unsigned sector_bytes : {512U, 4096U}) {
        if (partitions.empty()) {
            partitions = partitions_in(file, sector_bytes);
        }
    }
    for (auto& partition : partitions) {
        look_into(path, partition);
    }
    return partitions;
}

std::vector<std::size_t> find_partitions(const std::vector<Partition>& partitions, std::string_view called) {
    const auto all_with = [&](auto is_it) {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < partitions.size(); ++i) {
            if (is_it(partitions[i])) {
                found.push_back(i);
            }
        }
        return found;
    };
    auto found = all_with([&](const Partition& it) { return called == fmt::format("p{}", it.number); });
    if (found.empty()) {
        found = all_with([&](const Partition& it) { return !it.uuid.empty() && same_word(called, it.uuid); });
    }
    if (found.empty()) {
        found = all_with([&](const Partition& it) { return !it.name.empty() && called == it.name; });
    }
    if (found.empty()) {
        found = all_with([&](const Partition& it) { return !it.label.empty() && called == it.label; });
    }
    return found;
}

} // namespace btrkit

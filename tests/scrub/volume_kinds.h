// SPDX-License-Identifier: MIT
// The volumes that scrub is tried on.
#pragma once

#include "tests/scrub/sample_volume.h"

namespace btrkit::test {

inline std::vector<VolumeKind> volume_kinds() {
    const auto kind = [](std::string data, std::string metadata, std::size_t devices) {
        return VolumeKind{.name = data + "-" + metadata + "-" + std::to_string(devices),
                          .data_profile = data,
                          .metadata_profile = metadata,
                          .device_count = devices};
    };
    std::vector<VolumeKind> kinds = {
        kind("single", "single", 1),   kind("single", "dup", 1),      kind("dup", "dup", 1),
        kind("raid0", "raid0", 2),     kind("raid0", "raid1", 3),     kind("raid1", "raid1", 2),
        kind("raid1", "raid1", 3),     kind("raid1c3", "raid1c3", 3), kind("raid1c3", "raid1c3", 5),
        kind("raid1c4", "raid1c4", 4), kind("raid10", "raid10", 4),   kind("raid10", "raid1c3", 5),
        kind("raid5", "raid5", 2),     kind("raid5", "raid5", 3),     kind("raid5", "raid1", 3),
        kind("raid5", "raid5", 5),     kind("raid6", "raid6", 3),     kind("raid6", "raid6", 4),
        kind("raid6", "raid1c3", 4),   kind("raid6", "raid6", 5),     kind("single", "raid6", 4),
        kind("raid1", "raid5", 4),
    };
    const auto vary = [&](VolumeKind base, const std::string& what, auto change) {
        base.name += "-" + what;
        change(base);
        kinds.push_back(std::move(base));
    };
    vary(kind("dup", "dup", 1), "mixed", [](VolumeKind& it) {
        it.mixed = true;
        it.nodesize_bytes = 4096;
    });
    vary(kind("raid1", "raid1", 2), "mixed", [](VolumeKind& it) {
        it.mixed = true;
        it.nodesize_bytes = 4096;
    });
    vary(kind("raid5", "raid5", 3), "mixed", [](VolumeKind& it) {
        it.mixed = true;
        it.nodesize_bytes = 4096;
    });
    vary(kind("raid6", "raid6", 4), "node-64k", [](VolumeKind& it) { it.nodesize_bytes = 65536; });
    vary(kind("raid6", "raid6", 7), "node-64k", [](VolumeKind& it) { it.nodesize_bytes = 65536; });
    vary(kind("raid5", "raid5", 3), "node-64k", [](VolumeKind& it) { it.nodesize_bytes = 65536; });
    vary(kind("raid1", "raid1", 2), "node-4k", [](VolumeKind& it) { it.nodesize_bytes = 4096; });
    vary(kind("raid6", "raid6", 4), "node-4k", [](VolumeKind& it) { it.nodesize_bytes = 4096; });
    vary(kind("raid1", "raid1", 2), "sector-16k", [](VolumeKind& it) { it.sectorsize_bytes = 16384; });
    vary(kind("raid6", "raid6", 5), "sector-8k", [](VolumeKind& it) { it.sectorsize_bytes = 8192; });
    vary(kind("raid1", "raid1", 2), "xxhash", [](VolumeKind& it) { it.checksum = "xxhash"; });
    vary(kind("raid5", "raid5", 4), "sha256", [](VolumeKind& it) { it.checksum = "sha256"; });
    vary(kind("raid10", "raid10", 4), "blake2", [](VolumeKind& it) { it.checksum = "blake2"; });
    vary(kind("raid1c3", "raid1c3", 4), "zstd", [](VolumeKind& it) { it.compression = "zstd"; });
    vary(kind("raid6", "raid6", 4), "lzo", [](VolumeKind& it) { it.compression = "lzo"; });
    vary(kind("single", "dup", 1), "large",
         [](VolumeKind& it) { it.device_bytes = (u64{256} << 30) + (u64{70} << 20); });
    vary(kind("raid5", "raid5", 3), "more-data", [](VolumeKind& it) { it.scale = 10; });
    vary(kind("raid10", "raid1c3", 5), "more-data", [](VolumeKind& it) { it.scale = 10; });
    return kinds;
}

} // namespace btrkit::test

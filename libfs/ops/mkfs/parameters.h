// SPDX-License-Identifier: MIT
// What the new filesystem is to be, checked and complete: nothing is left open but where things lie.
#pragma once

#include "formats/btrfs/block_group.h"
#include "libfs/fs/compression.h"
#include "libfs/ops/mkfs/features.h"
#include "libfs/ops/mkfs/from_source.h"
#include "libfs/volume/geometry.h"

#include <optional>

namespace btrkit::mkfs {

/// The one transaction that a new filesystem has seen.
inline constexpr u64 first_generation = 1;

/// What users ask for; nothing: the default.
struct Requests {
    std::optional<std::string> data_profile; ///< "raid1", in any case
    std::optional<std::string> metadata_profile;
    bool mixed = false;
    std::optional<u64> nodesize_bytes;
    std::optional<u64> sectorsize_bytes;
    std::string checksum = "crc32c";
    std::vector<std::string> features; ///< lists as -O takes them, one after the other
    std::string label;
    CompressionMethod compression;
    btrfs::Uuid fsid;                       ///< all other uuids derive from it
    std::optional<btrfs::Uuid> device_uuid; ///< of the only device
    Time now;                               ///< what the filesystem and its own roots are dated
};

struct Parameters {
    Geometry geometry;
    Features features;
    u64 data_profile = 0;     ///< block_group_* profile flag
    u64 metadata_profile = 0; ///< of system chunks too
    bool mixed = false;
    std::string label;
    CompressionMethod compression;
    btrfs::Uuid fsid;
    btrfs::Uuid chunk_tree_uuid;
    std::vector<btrfs::Uuid> device_uuids; ///< by devid - 1
    Time now;

    bool has_incompat(u64 flag) const { return geometry.has_incompat(flag); }
    void add_incompat(u64 flag) {
        features.incompat |= flag;
        geometry.incompat_flags |= flag;
    }
    u64 data_type() const { return data_profile | btrfs::block_group_data | (mixed ? btrfs::block_group_metadata : 0); }
    u64 metadata_type() const {
        return metadata_profile | btrfs::block_group_metadata | (mixed ? btrfs::block_group_data : 0);
    }
    u64 system_type() const { return metadata_profile | btrfs::block_group_system; }
};

/// Fails with usage: unknown names, numbers out of bounds, combinations that the format or the profile's number of
/// devices does not allow. warnings: what is allowed but seldom meant, a line each.
Result<Parameters> settle_parameters(const Requests& requests, std::size_t device_count,
                                     std::vector<std::string>& warnings);

/// A uuid that depends on nothing but the fsid, what it is for, and a number among those.
btrfs::Uuid derived_uuid(const btrfs::Uuid& fsid, std::string_view purpose, u64 number);

/// The fsid that a seed text stands for.
btrfs::Uuid uuid_from_seed(std::string_view seed);

} // namespace btrkit::mkfs

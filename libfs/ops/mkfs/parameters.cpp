// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/parameters.h"

#include "libfs/base/ascii.h"
#include "libfs/base/checksum.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::mkfs {

namespace {

/// Metadata blocks above this size bear the flag BIG_METADATA: more than the smallest memory page.
constexpr u32 small_metadata_bytes = 4096;
constexpr u32 default_nodesize = 16384;
constexpr u32 default_sectorsize = 4096;

Result<const btrfs::Profile*> find_profile_by_name(std::string_view name) {
    for (const auto& profile : btrfs::profiles) {
        if (same_word(profile.name, name)) {
            return &profile;
        }
    }
    return fail(ErrorKind::usage, fmt::format("unknown profile '{}'", name));
}

Result<btrfs::CsumType> parse_checksum(std::string_view name) {
    std::string_view known = name;
    if (same_word(name, "xxhash")) {
        known = "xxhash64";
    } else if (same_word(name, "blake2")) {
        known = "blake2b";
    }
    for (const auto& info : btrfs::csum_types) {
        if (same_word(info.name, known)) {
            return info.type;
        }
    }
    return fail(ErrorKind::usage, fmt::format("unknown checksum '{}' (crc32c, xxhash, sha256, blake2)", name));
}

Result<void> settle_sizes(const Requests& requests, Parameters& parameters) {
    const u64 sectorsize = requests.sectorsize_bytes.value_or(default_sectorsize);
    if (!std::has_single_bit(sectorsize) || sectorsize < 4096 || sectorsize > btrfs::max_nodesize) {
        return fail(ErrorKind::usage,
                    fmt::format("sector size {} is not a power of two from 4096 to 65536", sectorsize));
    }
    const u64 nodesize =
        requests.nodesize_bytes.value_or(parameters.mixed ? sectorsize : std::max<u64>(default_nodesize, sectorsize));
    // The peer takes any multiple of the sector size; no kernel mounts what is not a power of two.
    if (!std::has_single_bit(nodesize) || nodesize < sectorsize || nodesize > btrfs::max_nodesize) {
        return fail(
            ErrorKind::usage,
            fmt::format("node size {} is not a power of two from the sector size ({}) to 65536", nodesize, sectorsize));
    }
    if (parameters.mixed && nodesize != sectorsize) {
        return fail(ErrorKind::usage,
                    fmt::format("mixed block groups need a node size ({}) equal to the sector size ({})", nodesize,
                                sectorsize));
    }
    parameters.geometry.sectorsize = static_cast<u32>(sectorsize);
    parameters.geometry.nodesize = static_cast<u32>(nodesize);
    return {};
}

/// Devices that a profile needs at least.
u32 min_devices(const btrfs::Profile& profile) {
    return profile.flag == btrfs::block_group_dup ? 1 : profile.min_stripes;
}

Result<void> settle_profiles(const Requests& requests, std::size_t device_count, Parameters& parameters) {
    std::string data = requests.data_profile.value_or("single");
    std::string metadata = requests.metadata_profile.value_or(device_count > 1 ? "raid1" : "dup");
    if (parameters.mixed) {
        if (requests.data_profile && requests.metadata_profile && !same_word(data, metadata)) {
            return fail(ErrorKind::usage,
                        fmt::format("mixed block groups need the same profile for data ({}) and metadata ({})", data,
                                    metadata));
        }
        data = metadata = requests.data_profile.value_or(requests.metadata_profile.value_or("single"));
    }
    for (const auto& [name, flag] :
         {std::pair{data, &parameters.data_profile}, {metadata, &parameters.metadata_profile}}) {
        BTRKIT_TRY_ASSIGN(const auto profile, find_profile_by_name(name));
        if (device_count < min_devices(*profile)) {
            return fail(ErrorKind::usage, fmt::format("profile {} needs at least {} devices, {} given", name,
                                                      min_devices(*profile), device_count));
        }
        *flag = profile->flag;
    }
    return {};
}

void warn_about_profiles(const Parameters& parameters, std::size_t device_count, std::vector<std::string>& warnings) {
    const auto& data = *btrfs::find_profile(parameters.data_profile);
    const auto& metadata = *btrfs::find_profile(parameters.metadata_profile);
    if (data.parity > 0 || metadata.parity > 0) {
        warnings.emplace_back("raid5 and raid6 have known weaknesses after a crash (the write hole)");
    }
    for (const auto* profile : {&data, &metadata}) {
        if (profile->parity > 0 && device_count == profile->min_stripes) {
            warnings.push_back(fmt::format("{} on {} devices only copies; raid1 or raid1c3 does it better",
                                           profile->name, device_count));
            break;
        }
    }
    if (device_count > 1 && (data.flag == btrfs::block_group_dup || metadata.flag == btrfs::block_group_dup)) {
        warnings.emplace_back("DUP keeps both copies on one device although there are several");
    }
    if (metadata.tolerated_failures < data.tolerated_failures) {
        warnings.push_back(fmt::format("metadata ({}) is less redundant than data ({})", metadata.name, data.name));
    }
}

void settle_flags(Parameters& parameters) {
    const u64 profiles = parameters.data_profile | parameters.metadata_profile;
    u64& incompat = parameters.features.incompat;
    incompat |= parameters.geometry.nodesize > small_metadata_bytes ? btrfs::incompat_big_metadata : 0;
    incompat |= (profiles & btrfs::block_group_raid56_mask) != 0 ? btrfs::incompat_raid56 : 0;
    incompat |=
        (profiles & (btrfs::block_group_raid1c3 | btrfs::block_group_raid1c4)) != 0 ? btrfs::incompat_raid1c34 : 0;
    incompat |= parameters.compression.algorithm == btrfs::Compression::lzo ? btrfs::incompat_compress_lzo : 0;
    incompat |= parameters.compression.algorithm == btrfs::Compression::zstd ? btrfs::incompat_compress_zstd : 0;

    Geometry& geometry = parameters.geometry;
    geometry.csum_size_bytes = btrfs::find_csum_type(static_cast<u16>(geometry.csum_type))->size_bytes;
    geometry.tree_fsid = parameters.fsid;
    geometry.generation = first_generation;
    geometry.incompat_flags = incompat;
    geometry.compat_ro_flags = parameters.features.compat_ro;
}

Result<void> check_label(std::string_view label) {
    if (label.size() >= btrfs::label_size) {
        return fail(ErrorKind::usage,
                    fmt::format("label is {} bytes long; at most {} fit", label.size(), btrfs::label_size - 1));
    }
    if (label.contains('\n')) {
        return fail(ErrorKind::usage, "label contains a newline");
    }
    return {};
}

btrfs::Uuid uuid_from_hash(std::string_view text) {
    const auto hash = checksum(btrfs::CsumType::sha256, std::as_bytes(std::span(text)));
    btrfs::Uuid uuid;
    std::memcpy(uuid.bytes.data(), hash.data(), uuid.bytes.size());
    // The marks of a random uuid (RFC 4122, version 4), which is what other tools expect.
    uuid.bytes[6] = static_cast<u8>((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = static_cast<u8>((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

} // namespace

btrfs::Uuid derived_uuid(const btrfs::Uuid& fsid, std::string_view purpose, u64 number) {
    return uuid_from_hash(fmt::format("btrkit {:02x} {} {}", fmt::join(fsid.bytes, ""), purpose, number));
}

btrfs::Uuid uuid_from_seed(std::string_view seed) {
    return uuid_from_hash(fmt::format("btrkit seed {}", seed));
}

Result<Parameters> settle_parameters(const Requests& requests, std::size_t device_count,
                                     std::vector<std::string>& warnings) {
    Parameters parameters;
    BTRKIT_TRY_ASSIGN(auto features, settle_features(requests.features, warnings));
    parameters.features = features;
    parameters.features.incompat |= requests.mixed ? btrfs::incompat_mixed_groups : 0;
    parameters.mixed = (parameters.features.incompat & btrfs::incompat_mixed_groups) != 0;
    BTRKIT_TRY_ASSIGN(parameters.geometry.csum_type, parse_checksum(requests.checksum));
    for (const auto& checked : {check_label(requests.label), settle_sizes(requests, parameters),
                                settle_profiles(requests, device_count, parameters)}) {
        if (!checked) {
            return std::unexpected(checked.error());
        }
    }
    if (requests.device_uuid && device_count > 1) {
        return fail(ErrorKind::usage, "a device uuid can only be given for a single device");
    }
    parameters.label = requests.label;
    parameters.compression = requests.compression;
    parameters.now = requests.now;
    parameters.fsid = requests.fsid;
    parameters.chunk_tree_uuid = derived_uuid(requests.fsid, "chunk tree", 0);
    for (std::size_t i = 0; i < device_count; ++i) {
        parameters.device_uuids.push_back(derived_uuid(requests.fsid, "device", i + 1));
    }
    if (requests.device_uuid) {
        parameters.device_uuids.front() = *requests.device_uuid;
    }
    settle_flags(parameters);
    warn_about_profiles(parameters, device_count, warnings);
    return parameters;
}

} // namespace btrkit::mkfs

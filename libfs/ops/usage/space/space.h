// SPDX-License-Identifier: MIT
// How full a filesystem is: what `btrfs filesystem usage` tells of a mounted one, and more that only trees tell.
//
//   1. The root tree names the trees; the chunk tree has told of chunks and devices (Filesystem::open).
//   2. One look at the extent tree and the block groups: what is used and free in each chunk (space_scan.h).
//   3. Chunks become profiles and devices (profiles.cpp).
//   4. These become the summary, by the peer's rules and the kernel's of statfs(2) (overall.cpp).
#pragma once

#include "libfs/ops/usage/space/space_scan.h"

#include <map>
#include <string>

namespace btrkit::usage {

/// Block groups by how full they are: the last is of those that are full to a tenth and more.
inline constexpr std::size_t fullness_classes = 10;

/// All block groups of one type and profile.
struct ProfileSpace {
    u64 flags = 0; ///< btrfs::block_group_*
    u64 total_bytes = 0;
    u64 used_bytes = 0;    ///< as the block groups say
    u64 counted_bytes = 0; ///< as extents say
    u64 group_count = 0;
    std::array<u64, fullness_classes> groups_by_fullness = {};
    std::map<u64, u64> bytes_of_device; ///< what its chunks occupy, by devid
    SizeClasses free;

    const btrfs::Profile& profile() const { return *btrfs::find_profile(flags); }
    bool is_parity() const { return profile().parity > 0; }
};

struct DeviceSpace {
    u64 devid = 0;
    std::string path;     ///< as it was given; empty: it was not
    u64 size_bytes = 0;   ///< what the filesystem has of it
    u64 device_bytes = 0; ///< how large it is; 0: not given
    u64 allocated_bytes = 0;
    bool is_seed = false;

    bool is_missing() const { return device_bytes == 0; }
    u64 slack_bytes() const { return device_bytes > size_bytes ? device_bytes - size_bytes : 0; }
    /// Below zero where chunks are said to occupy more than there is.
    std::int64_t unallocated_bytes() const {
        return static_cast<std::int64_t>(size_bytes) - static_cast<std::int64_t>(allocated_bytes);
    }
};

/// The peer's summary. Raw bytes are those on devices, with all copies and parity.
struct OverallSpace {
    u64 size_bytes = 0;
    u64 allocated_bytes = 0; ///< raw
    std::int64_t unallocated_bytes = 0;
    u64 missing_bytes = 0;
    u64 slack_bytes = 0;
    u64 used_bytes = 0; ///< raw
    u64 free_estimated_bytes = 0;
    u64 free_min_bytes = 0;           ///< the same where all that is not allocated gets the dearest profile
    u64 free_statfs_bytes = 0;        ///< what df(1) would say
    std::optional<double> data_ratio; ///< nothing: there is no data chunk
    std::optional<double> metadata_ratio;
    u64 global_reserve_bytes = 0;   ///< see reserve.h
    u64 multiple_profile_types = 0; ///< block_group_data, _metadata, _system: those with more than one profile
};

struct SpaceReport {
    OverallSpace overall;
    std::vector<ProfileSpace> profiles; ///< data, metadata, system; within each by its flags
    std::vector<DeviceSpace> devices;   ///< by devid
    std::map<u64, u64> bytes_of_tree;   ///< see SpaceFacts
    u64 metadata_bytes = 0;             ///< tree blocks
    u64 data_bytes = 0;                 ///< data extents
    u64 data_extent_count = 0;
    /// About so much smaller could the devices be together: what is free, less what profiles round up to, a chunk
    /// of each kind, and the reserve. btrkit-resize knows it exactly.
    u64 shrink_estimate_bytes = 0;
    bool is_complete = true; ///< all trees could be read
};

/// Fails with cancelled, or with damaged where no tree can be read at all.
Result<SpaceReport> measure_space(const Filesystem& filesystem, const RunContext& context);

/// The same with what it was made of, for who wants to know more of it.
struct MeasuredSpace {
    SpaceFacts facts;
    SpaceReport report;
};
Result<MeasuredSpace> measure_space_in_parts(const Filesystem& filesystem, const RunContext& context);

/// What block groups say, without a look at extents, so in no time: what is told of trees, extents and free ranges is
/// zero. Fails with cancelled.
Result<SpaceReport> read_stated_space(const Filesystem& filesystem, const RunContext& context);

/// Chunks put together; what of the report does not need the summary.
SpaceReport sum_up_chunks(const Filesystem& filesystem, const SpaceFacts& facts);
/// The summary, of a report that has profiles and devices. Needs roots for the reserve.
OverallSpace sum_up_all(const Filesystem& filesystem, const survey::Roots& roots, const SpaceReport& report);

} // namespace btrkit::usage

// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/space/reserve.h"
#include "libfs/ops/usage/space/space.h"
#include "libfs/ops/usage/space/statfs.h"

namespace btrkit::usage {

namespace {

constexpr std::array types = {btrfs::block_group_data, btrfs::block_group_metadata, btrfs::block_group_system};

/// Of one type of block groups: bytes on devices, and bytes of addresses.
struct TypeSums {
    u64 raw_total_bytes = 0;
    u64 raw_used_bytes = 0;
    u64 total_bytes = 0;
    unsigned profile_count = 0;

    std::optional<double> ratio() const {
        return total_bytes == 0
                   ? std::nullopt
                   : std::optional(static_cast<double>(raw_total_bytes) / static_cast<double>(total_bytes));
    }
};

u64 raw_bytes(const ProfileSpace& profile) {
    u64 sum = 0;
    for (const auto& [devid, bytes] : profile.bytes_of_device) {
        sum += bytes;
    }
    return sum;
}

/// With parity, what is used on devices is taken to be as large a part as of the addresses.
u64 raw_used_bytes(const ProfileSpace& profile) {
    if (!profile.is_parity()) {
        return profile.used_bytes * profile.profile().copies;
    }
    const double part =
        static_cast<double>(profile.used_bytes) / static_cast<double>(std::max<u64>(profile.total_bytes, 1));
    u64 sum = 0;
    for (const auto& [devid, bytes] : profile.bytes_of_device) {
        sum = static_cast<u64>(static_cast<double>(sum) + static_cast<double>(bytes) * part); // rounds as the peer does
    }
    return sum;
}

TypeSums sums_of(const SpaceReport& report, u64 type) {
    TypeSums sums;
    for (const auto& profile : report.profiles) {
        if ((profile.flags & type) != 0) {
            sums.raw_total_bytes += raw_bytes(profile);
            sums.raw_used_bytes += raw_used_bytes(profile);
            sums.total_bytes += profile.total_bytes;
            ++sums.profile_count;
        }
    }
    return sums;
}

/// The greatest number of bytes that one byte costs.
double dearest_ratio(const SpaceReport& report) {
    double ratio = 1;
    for (const auto& profile : report.profiles) {
        const double own = profile.is_parity() ? static_cast<double>(raw_bytes(profile)) /
                                                     static_cast<double>(std::max<u64>(profile.total_bytes, 1))
                                               : profile.profile().copies;
        ratio = std::max(ratio, own);
    }
    return ratio;
}

u64 divided(u64 bytes, double ratio) {
    return static_cast<u64>(static_cast<double>(bytes) / ratio);
}

} // namespace

OverallSpace sum_up_all(const Filesystem& filesystem, const survey::Roots& roots, const SpaceReport& report) {
    OverallSpace overall;
    for (const auto& device : report.devices) {
        if (!device.is_seed) {
            overall.size_bytes += device.size_bytes;
            overall.slack_bytes += device.slack_bytes();
            overall.missing_bytes += device.is_missing() ? device.size_bytes : 0;
        }
    }
    const auto data = sums_of(report, btrfs::block_group_data);
    const auto metadata = sums_of(report, btrfs::block_group_metadata);
    const auto system = sums_of(report, btrfs::block_group_system);
    const bool is_mixed = std::ranges::any_of(report.profiles, [](const ProfileSpace& profile) {
        return (profile.flags & btrfs::block_group_data) != 0 && (profile.flags & btrfs::block_group_metadata) != 0;
    });
    overall.allocated_bytes = data.raw_total_bytes + system.raw_total_bytes + (is_mixed ? 0 : metadata.raw_total_bytes);
    overall.used_bytes = data.raw_used_bytes + system.raw_used_bytes + (is_mixed ? 0 : metadata.raw_used_bytes);
    overall.unallocated_bytes =
        static_cast<std::int64_t>(overall.size_bytes) - static_cast<std::int64_t>(overall.allocated_bytes);
    overall.data_ratio = data.ratio();
    overall.metadata_ratio = is_mixed ? data.ratio() : metadata.ratio();
    overall.global_reserve_bytes = global_reserve_bytes(roots, filesystem.geometry());
    for (const u64 type : types) {
        overall.multiple_profile_types |= sums_of(report, type).profile_count > 1 ? type : 0;
    }

    const double ratio = overall.data_ratio.value_or(1);
    u64 free = divided(data.raw_total_bytes - std::min(data.raw_used_bytes, data.raw_total_bytes), ratio);
    free -= is_mixed ? std::min(free, overall.global_reserve_bytes) : 0;
    overall.free_estimated_bytes = free;
    overall.free_min_bytes = free;
    constexpr std::int64_t least_unallocated = 16 << 20; // with less, no chunk can be made
    if (overall.unallocated_bytes >= least_unallocated) {
        const auto unallocated = static_cast<u64>(overall.unallocated_bytes);
        overall.free_estimated_bytes += divided(unallocated, ratio);
        overall.free_min_bytes += divided(unallocated, dearest_ratio(report));
    }
    overall.free_statfs_bytes = free_by_statfs(report, filesystem.geometry().sectorsize);
    return overall;
}

} // namespace btrkit::usage

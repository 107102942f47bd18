// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/space/statfs.h"

namespace btrkit::usage {

namespace {

constexpr u64 stripe_bytes = btrfs::raid_stripe_length;
constexpr u64 device_reserve_bytes = u64{1} << 20; ///< the first MiB of each device, which has no chunks

/// With other profiles beside them, kernels write no more into groups without redundancy.
bool is_left_alone(const ProfileSpace& profile, const SpaceReport& report) {
    const auto has_redundancy = [](const btrfs::Profile& one) { return one.copies > 1 || one.parity > 0; };
    return !has_redundancy(profile.profile()) && std::ranges::any_of(report.profiles, [&](const ProfileSpace& other) {
        return (other.flags & btrfs::block_group_type_mask) == (profile.flags & btrfs::block_group_type_mask) &&
               has_redundancy(other.profile());
    });
}

/// Which profile a new chunk of data gets: that which data has; of several, the kernel's choice.
const btrfs::Profile* profile_of_new_data(const SpaceReport& report) {
    const btrfs::Profile* best = nullptr;
    for (const auto& profile : report.profiles) {
        if ((profile.flags & btrfs::block_group_data) != 0 && !is_left_alone(profile, report)) {
            best = &profile.profile();
        }
    }
    return best;
}

/// What chunks of that profile could be made of what is left, as bytes on devices that hold data or a copy of it.
u64 unallocated_for(const btrfs::Profile& profile, const SpaceReport& report) {
    const u64 stripes_a_device = profile.flag == btrfs::block_group_dup ? 2 : 1;
    const u64 least_bytes = stripes_a_device * stripe_bytes;
    std::vector<u64> left;
    for (const auto& device : report.devices) {
        const auto unallocated = static_cast<u64>(std::max<std::int64_t>(device.unallocated_bytes(), 0));
        const u64 whole = unallocated / stripe_bytes * stripe_bytes;
        if (!device.is_missing() && !device.is_seed && whole > device_reserve_bytes + least_bytes) {
            left.push_back(whole - device_reserve_bytes);
        }
    }
    std::ranges::sort(left, std::greater());
    std::size_t stripes = 1;
    if (profile.flag == btrfs::block_group_raid0) {
        stripes = left.size();
    } else if (profile.flag == btrfs::block_group_raid10) {
        stripes = 4;
    } else if (profile.copies > 1 && stripes_a_device == 1) {
        stripes = profile.copies;
    }
    const std::size_t fewest_devices = stripes_a_device == 2 ? 1 : profile.min_stripes;
    u64 bytes = 0;
    for (std::size_t count = left.size(); count > 0 && count >= fewest_devices; --count) {
        stripes = std::min(stripes, count);
        const u64 each = left[count - 1];
        if (each >= least_bytes) {
            bytes += each * stripes;
            for (std::size_t i = count - stripes; i < count; ++i) {
                left[i] -= each;
            }
        }
    }
    return bytes;
}

} // namespace

u64 free_by_statfs(const SpaceReport& report, u32 sectorsize) {
    u64 free_data_bytes = 0; // with all copies
    u64 factor = 1;
    for (const auto& profile : report.profiles) {
        if ((profile.flags & btrfs::block_group_data) != 0) {
            factor = profile.profile().copies;
            const u64 free = profile.total_bytes - std::min(profile.used_bytes, profile.total_bytes);
            free_data_bytes += is_left_alone(profile, report) ? 0 : free * factor;
        }
    }
    const auto* profile = profile_of_new_data(report);
    const u64 unallocated = profile == nullptr ? 0 : unallocated_for(*profile, report);
    return (free_data_bytes / factor + unallocated / factor) / sectorsize * sectorsize;
}

} // namespace btrkit::usage

// SPDX-License-Identifier: MIT
#include "libfs/space/chunk_allocator.h"

#include "formats/btrfs/superblock.h"

#include <algorithm>
#include <tuple>

namespace btrkit {

namespace {

/// Stripes that the system array still has room for beside a second chunk of as many (the kernel's bound).
constexpr u32 max_system_stripes =
    (btrfs::sys_chunk_array_size - 2 * sizeof(btrfs::DiskKey) - 2 * btrfs::chunk_item_size(1)) /
        sizeof(btrfs::StripeItem) +
    1;
/// What a chunk item in the smallest leaf has room for.
constexpr u32 max_stripes =
    (btrfs::max_item_size(btrfs::min_nodesize) - sizeof(btrfs::ChunkItem)) / sizeof(btrfs::StripeItem);

/// Both copies of dup lie on one device.
u32 stripes_on_each_device(const btrfs::Profile& profile) {
    return profile.flag == btrfs::block_group_dup ? profile.copies : 1;
}

u32 device_count(const btrfs::Profile& profile, u64 type, std::size_t available) {
    const u32 least = profile.min_stripes / stripes_on_each_device(profile);
    u32 most = (type & btrfs::block_group_system) != 0 ? max_system_stripes : max_stripes;
    if (profile.max_stripes > 0) {
        most = profile.max_stripes / stripes_on_each_device(profile);
    }
    u32 count = static_cast<u32>(std::min<std::size_t>(available, most));
    count -= count % profile.sub_stripes;
    return count < least ? 0 : count;
}

u64 rounded_down(u64 bytes) {
    return round_down(bytes, btrfs::raid_stripe_length);
}

/// Where the first hole of at least that many bytes begins; there must be one.
u64 place_for(const DeviceSpace& device, u64 bytes) {
    auto hole = device.first_hole();
    while (hole->length() < bytes) {
        hole = device.first_hole(hole->end);
    }
    return hole->start;
}

u32 data_stripe_count(const btrfs::Profile& profile, u32 devices) {
    return (devices * stripes_on_each_device(profile) - profile.parity) / profile.copies;
}

} // namespace

u64 DeviceSpace::allocated_end() const {
    return allocated.empty() ? reserved_at_device_start : allocated.ranges().back().end;
}

std::optional<Range> DeviceSpace::first_hole(u64 from) const {
    from = std::max(from, reserved_at_device_start);
    for (auto gap = allocated.first_gap({from, size_bytes}); gap; gap = allocated.first_gap({gap->end, size_bytes})) {
        const Range hole = {round_up(gap->start, btrfs::raid_stripe_length), gap->end};
        if (hole.start < hole.end) {
            return hole;
        }
    }
    return std::nullopt;
}

/// A device and what its holes allow.
struct ChunkAllocator::Candidate {
    explicit Candidate(DeviceSpace& device_space) : device(&device_space) {
        for (auto hole = device->first_hole(); hole; hole = device->first_hole(hole->end)) {
            longest_bytes = std::max(longest_bytes, hole->length());
            free_bytes += hole->length();
        }
    }
    u64 devid() const { return device->devid; }

    DeviceSpace* device;
    u64 longest_bytes = 0; ///< of one hole
    u64 free_bytes = 0;    ///< of all
};

u32 ChunkAllocator::data_stripes(u64 type) const {
    const auto& profile = *btrfs::find_profile(type);
    const u32 count = device_count(profile, type, devices_.size());
    return count == 0 ? 0 : data_stripe_count(profile, count);
}

std::vector<ChunkAllocator::Candidate> ChunkAllocator::choose_devices(u64 type, u64 min_stripe_bytes) {
    const auto& profile = *btrfs::find_profile(type);
    std::vector<Candidate> chosen;
    for (auto& device : devices_) {
        const Candidate candidate(device);
        if (rounded_down(candidate.longest_bytes / stripes_on_each_device(profile)) >= min_stripe_bytes) {
            chosen.push_back(candidate);
        }
    }
    std::ranges::sort(chosen, {}, [](const Candidate& candidate) {
        return std::tuple(~candidate.longest_bytes, ~candidate.free_bytes, candidate.devid());
    });
    chosen.erase(chosen.begin() + device_count(profile, type, chosen.size()), chosen.end());
    std::ranges::sort(chosen, {}, &Candidate::devid);
    return chosen;
}

void ChunkAllocator::claim(const Chunk& chunk) {
    for (const auto& stripe : chunk.stripes) {
        const auto device = std::ranges::find(devices_, stripe.devid, &DeviceSpace::devid);
        device->allocated.insert(range_from(stripe.offset, chunk.stripe_length_bytes()));
    }
    next_start_ = std::max(next_start_, chunk.start + chunk.length);
}

std::optional<Chunk> ChunkAllocator::allocate(u64 type, u64 stripe_bytes, u64 min_stripe_bytes) {
    const auto& profile = *btrfs::find_profile(type);
    const u32 on_each = stripes_on_each_device(profile);
    const auto chosen = choose_devices(type, std::max<u64>(min_stripe_bytes, btrfs::raid_stripe_length));
    if (chosen.empty()) {
        return std::nullopt;
    }
    for (const auto& candidate : chosen) {
        stripe_bytes = std::min(stripe_bytes, candidate.longest_bytes / on_each);
    }
    stripe_bytes = rounded_down(stripe_bytes);

    Chunk chunk = {.start = next_start_, .length = 0, .type = type, .sub_stripes = profile.sub_stripes, .stripes = {}};
    for (const auto& candidate : chosen) {
        auto& device = *candidate.device;
        u64 at = place_for(device, stripe_bytes * on_each);
        for (u32 i = 0; i < on_each; ++i, at += stripe_bytes) {
            chunk.stripes.push_back({.devid = device.devid, .offset = at, .dev_uuid = device.uuid});
            device.allocated.insert(range_from(at, stripe_bytes));
        }
    }
    chunk.length = stripe_bytes * chunk.data_stripes();
    next_start_ = next_start_ + chunk.length;
    return chunk;
}

} // namespace btrkit

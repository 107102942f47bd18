// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/space/space.h"

#include "formats/btrfs/item_types.h"
#include "libfs/tree/cursor.h"

namespace btrkit::usage {

namespace {

/// The peer's order: data, metadata, system; within each by flags.
bool stands_before(const ProfileSpace& one, const ProfileSpace& other) {
    const auto rank = [](u64 flags) {
        const bool is_system = (flags & btrfs::block_group_system) != 0;
        return std::tuple(is_system, flags & btrfs::block_group_type_mask, flags & btrfs::block_group_profile_mask);
    };
    return rank(one.flags) < rank(other.flags);
}

std::size_t fullness_class(u64 used_bytes, u64 total_bytes) {
    const u64 tenth = std::max<u64>(total_bytes / fullness_classes, 1);
    return std::min<std::size_t>(used_bytes / tenth, fullness_classes - 1);
}

void add_chunk(ProfileSpace& profile, const ChunkSpace& space) {
    const auto& chunk = *space.chunk;
    profile.flags = chunk.type;
    profile.total_bytes += chunk.length;
    profile.used_bytes += space.known_used_bytes();
    profile.counted_bytes += space.used_bytes;
    ++profile.group_count;
    ++profile.groups_by_fullness[fullness_class(space.known_used_bytes(), chunk.length)];
    profile.free.add(space.free);
    for (const auto& stripe : chunk.stripes) {
        profile.bytes_of_device[stripe.devid] += chunk.stripe_length_bytes();
    }
}

/// What the chunk tree's items say of devices, and, where one has none, its superblock.
std::map<u64, btrfs::DevItem> device_items(const Filesystem& filesystem) {
    std::map<u64, btrfs::DevItem> items;
    const auto& own = filesystem.super().dev_item;
    items.emplace(u64{own.devid}, own);
    Cursor cursor(filesystem.reader(), filesystem.chunk_tree().block);
    const btrfs::Key first{btrfs::dev_items_objectid, btrfs::item_type::dev_item, 0};
    for (cursor.seek(first); cursor.valid() && cursor.key().objectid == btrfs::dev_items_objectid; cursor.next()) {
        const auto* item = view_at<btrfs::DevItem>(cursor.data());
        if (cursor.key().type == btrfs::item_type::dev_item && item != nullptr) {
            items.insert_or_assign(u64{item->devid}, *item);
        }
    }
    return items;
}

std::vector<DeviceSpace> devices_of(const Filesystem& filesystem) {
    std::vector<DeviceSpace> devices;
    for (const auto& [devid, item] : device_items(filesystem)) {
        DeviceSpace device{.devid = devid, .size_bytes = item.total_bytes};
        device.is_seed = item.fsid != filesystem.super().fsid && !item.fsid.is_null();
        if (const auto* given = filesystem.volume().device_of(devid)) {
            device.path = given->name();
            device.device_bytes = given->size_bytes();
        }
        devices.push_back(std::move(device));
    }
    return devices;
}

} // namespace

SpaceReport sum_up_chunks(const Filesystem& filesystem, const SpaceFacts& facts) {
    SpaceReport report{.bytes_of_tree = facts.bytes_of_tree,
                       .metadata_bytes = facts.metadata_bytes,
                       .data_bytes = facts.data_extent_bytes,
                       .data_extent_count = facts.data_extent_count};
    std::map<u64, ProfileSpace> profiles;
    for (const auto& chunk : facts.chunks) {
        add_chunk(profiles[chunk.chunk->type], chunk);
    }
    report.devices = devices_of(filesystem);
    for (auto& [flags, profile] : profiles) {
        for (auto& device : report.devices) {
            const auto found = profile.bytes_of_device.find(device.devid);
            device.allocated_bytes += found == profile.bytes_of_device.end() ? 0 : found->second;
        }
        report.profiles.push_back(std::move(profile));
    }
    std::ranges::sort(report.profiles, stands_before);
    return report;
}

} // namespace btrkit::usage

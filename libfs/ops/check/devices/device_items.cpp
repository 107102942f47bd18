// SPDX-License-Identifier: MIT
// Device items against device extents, stripes, the devices themselves and what their superblocks keep of them.
#include "libfs/base/names.h"
#include "libfs/ops/check/devices/device_facts.h"
#include "libfs/volume/chunk_items.h"
#include "libfs/volume/superblock_copies.h"

#include <numeric>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::check {

namespace {

void check_size(Context& context, const DeviceRecord& record) {
    const u64 total = record.item.total_bytes;
    const u32 sectorsize = context.geometry().sectorsize;
    if (!is_aligned(total, sectorsize)) {
        context.findings.report(ProblemCode::device_size, record.place,
                                fmt::format("total_bytes {} of device {} is not a multiple of the sectorsize {}", total,
                                            u64{record.item.devid}, sectorsize));
    }
}

std::map<u64, u64> extent_bytes_by_device(const DeviceFacts& facts) {
    std::map<u64, u64> bytes;
    for (const auto& extent : facts.dev_extents) {
        bytes[extent.devid] += extent.length;
    }
    return bytes;
}

void check_used(Context& context, const DeviceFacts& facts) {
    if (!facts.dev_extents_complete) {
        return;
    }
    auto bytes = extent_bytes_by_device(facts);
    for (const auto& [devid, record] : facts.devices) {
        if (const u64 used = record.item.bytes_used; used != bytes[devid]) {
            context.findings.report(
                ProblemCode::device_bytes_used, record.place,
                fmt::format("bytes_used of device {} is {}, but its extents take {}", devid, used, bytes[devid]));
        }
    }
}

/// Fields that the kernel writes into both at every commit. What it does not write (generation, dev_group and the like)
/// is what was there before, perhaps of another device.
std::vector<std::string_view> differing_fields(const btrfs::DevItem& item, const btrfs::DevItem& in_super) {
    std::vector<std::string_view> names;
    const auto compare = [&](std::string_view name, auto member) {
        if (item.*member != in_super.*member) {
            names.push_back(name);
        }
    };
    compare("total_bytes", &btrfs::DevItem::total_bytes);
    compare("bytes_used", &btrfs::DevItem::bytes_used);
    compare("io_align", &btrfs::DevItem::io_align);
    compare("io_width", &btrfs::DevItem::io_width);
    compare("sector_size", &btrfs::DevItem::sector_size);
    compare("type", &btrfs::DevItem::type);
    compare("uuid", &btrfs::DevItem::uuid);
    compare("fsid", &btrfs::DevItem::fsid);
    return names;
}

/// A superblock that is older than the filesystem (a stale device's, a seed's) keeps what was true then.
void check_against_device(Context& context, const DeviceRecord& record, const Member& member) {
    Problems unneeded; // opening has told them
    const auto copies = read_superblock_copies(*member.device, unneeded);
    const auto* copy = speaking_copy(copies, member.super_mirror);
    if (copy == nullptr || copy->super.fsid != context.filesystem.super().fsid ||
        copy->super.generation != context.geometry().generation) {
        return;
    }
    const auto& in_super = copy->super.dev_item;
    if (const auto names = differing_fields(record.item, in_super); !names.empty()) {
        Place place = record.place;
        place.device = member.device->name();
        context.findings.report(ProblemCode::device_item_differs, std::move(place),
                                fmt::format("of device {} in {}", u64{record.item.devid}, fmt::join(names, ", ")));
    }
    const u64 total = record.item.total_bytes;
    if (member.device->size_bytes() < total && total != in_super.total_bytes) {
        context.findings.report(
            ProblemCode::device_truncated, {.device = member.device->name()},
            fmt::format("{} bytes, but the device item says {}", member.device->size_bytes(), total));
    }
}

void check_devices_have_items(Context& context, const DeviceFacts& facts) {
    if (!facts.devices_complete) {
        return;
    }
    for (const auto& [devid, member] : context.filesystem.volume().members()) {
        if (devid != replace_target_devid && !facts.devices.contains(devid)) {
            context.findings.report(ProblemCode::device_item_missing, place_of_device(context, devid),
                                    fmt::format("device {}, uuid {}", devid, uuid_text(member.uuid)));
        }
    }
}

void check_stripe_uuids(Context& context, const DeviceFacts& facts) {
    for (const auto& [start, record] : facts.chunks) {
        for (std::size_t i = 0; i < record.chunk.stripes.size(); ++i) {
            const Stripe& stripe = record.chunk.stripes[i];
            const auto device = facts.devices.find(stripe.devid);
            if (device != facts.devices.end() && device->second.item.uuid != stripe.dev_uuid) {
                context.findings.report(ProblemCode::stripe_device, record.place,
                                        fmt::format("stripe {} of chunk {}: {}, but device {} has {}", i, start,
                                                    uuid_text(stripe.dev_uuid), stripe.devid,
                                                    uuid_text(device->second.item.uuid)));
            }
        }
    }
}

} // namespace

void check_device_items(Context& context, const DeviceFacts& facts) {
    const auto& members = context.filesystem.volume().members();
    for (const auto& [devid, record] : facts.devices) {
        check_size(context, record);
        if (const auto member = members.find(devid); member != members.end() && member->second.device != nullptr) {
            check_against_device(context, record, member->second);
        }
    }
    check_used(context, facts);
    check_devices_have_items(context, facts);
    check_stripe_uuids(context, facts);
}

} // namespace btrkit::check

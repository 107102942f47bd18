// SPDX-License-Identifier: MIT
#include "libfs/ops/check/missing_devices.h"

#include "formats/btrfs/device.h"
#include "formats/btrfs/item_types.h"
#include "libfs/tree/cursor.h"
#include "libfs/volume/sys_chunk_array.h"

namespace btrkit::check {

using namespace survey;

std::set<u64> devices_that_the_kernel_misses(const Findings& findings, const Filesystem& filesystem) {
    std::set<u64> absent;
    const auto has_bad_first = [&](const std::string& name) {
        return std::ranges::any_of(findings.all(), [&](const Finding& finding) {
            const auto& problem = finding.problem;
            return problem.code == ProblemCode::super_mirror_invalid &&
                   problem.place.physical == btrfs::superblock_offsets[0] && problem.place.device == name;
        });
    };
    for (const auto& [devid, member] : filesystem.volume().members()) {
        if (member.device == nullptr || has_bad_first(member.device->name())) {
            absent.insert(devid);
        }
    }
    const auto add_unknown = [&](const Chunk& chunk) {
        for (const Stripe& stripe : chunk.stripes) {
            const auto member = filesystem.volume().members().find(stripe.devid);
            if (member != filesystem.volume().members().end() && member->second.uuid != stripe.dev_uuid) {
                absent.insert(stripe.devid);
            }
        }
    };
    std::ranges::for_each(filesystem.volume().chunks().chunks(), add_unknown);
    for (const auto& item : system_chunk_items(filesystem.super()).items) {
        if (const auto chunk = parse_chunk(item.key, item.body)) {
            add_unknown(*chunk);
        }
    }
    return absent;
}

DeviceItemFaults device_item_faults(const Filesystem& filesystem) {
    DeviceItemFaults faults;
    const auto& members = filesystem.volume().members();
    for (const auto& [devid, member] : members) {
        faults.without_item[devid] = member.device != nullptr;
    }
    faults.without_item.erase(0); // the target of a replacement that runs
    Cursor cursor(filesystem.reader(), filesystem.chunk_tree().block);
    bool there = cursor.seek({btrfs::dev_items_objectid, btrfs::item_type::dev_item, 0});
    for (; there && cursor.key().type == btrfs::item_type::dev_item; there = cursor.next()) {
        if (const auto* item = view_at<btrfs::DevItem>(cursor.data())) {
            faults.without_item.erase(item->devid);
            const auto member = members.find(item->devid);
            if (member != members.end() && member->second.device != nullptr) {
                faults.has_other_uuid = faults.has_other_uuid || member->second.uuid != item->uuid;
                faults.is_cut_off = faults.is_cut_off || item->total_bytes > member->second.device->size_bytes();
            }
        }
    }
    return cursor.missed_items() ? DeviceItemFaults() : faults;
}

namespace {

template <class Judge>
u64 types_where(const Filesystem& filesystem, Judge&& is_meant) {
    u64 types = 0;
    for (const auto& chunk : filesystem.volume().chunks().chunks()) {
        types |= is_meant(chunk) ? chunk.type & btrfs::block_group_type_mask : 0;
    }
    return types;
}

bool is_beyond_tolerance(const Chunk& chunk, const std::set<u64>& absent) {
    const auto lost =
        std::ranges::count_if(chunk.stripes, [&](const Stripe& stripe) { return absent.contains(stripe.devid); });
    return static_cast<u64>(lost) > chunk.profile().tolerated_failures;
}

/// Of each pair of a RAID10 one device must be there.
bool has_whole_mirror(const Chunk& chunk, const std::set<u64>& absent) {
    const std::size_t group = std::max<std::size_t>(chunk.sub_stripes, 1);
    for (std::size_t first = 0; first < chunk.stripes.size(); first += group) {
        const auto members = std::span(chunk.stripes).subspan(first, std::min(group, chunk.stripes.size() - first));
        if (std::ranges::all_of(members, [&](const Stripe& stripe) { return absent.contains(stripe.devid); })) {
            return false;
        }
    }
    return true;
}

} // namespace

u64 types_beyond_tolerance(const Filesystem& filesystem, const std::set<u64>& absent) {
    return types_where(filesystem, [&](const Chunk& chunk) { return is_beyond_tolerance(chunk, absent); });
}

u64 types_out_of_reach(const Filesystem& filesystem, const std::set<u64>& absent) {
    return types_where(filesystem, [&](const Chunk& chunk) {
        const bool is_raid10 = (chunk.type & btrfs::block_group_raid10) != 0;
        return is_beyond_tolerance(chunk, absent) && !(is_raid10 && has_whole_mirror(chunk, absent));
    });
}

} // namespace btrkit::check

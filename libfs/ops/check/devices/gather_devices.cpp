// SPDX-License-Identifier: MIT
// The two trees, item by item.
#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/ops/check/devices/device_facts.h"
#include "libfs/survey/device_errors.h"
#include "libfs/survey/find_tree.h"
#include "libfs/survey/scan/tree_scan.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

/// What can't be counted any more is treated like what is lost: what it would explain must not be told.
void accept_chunk(const btrfs::Key& key, Bytes body, const Place& place, DeviceFacts& facts) {
    auto chunk = parse_chunk(key, body);
    if (!chunk) {
        facts.chunks_complete = false;
        return;
    }
    ChunkRecord record{.chunk = std::move(*chunk), .body = {}, .place = place};
    if ((record.chunk.type & btrfs::block_group_system) != 0) {
        record.body.assign(body.begin(), body.end());
    }
    facts.chunks.insert_or_assign(key.offset, std::move(record));
}

void accept_chunk_tree_item(Context& context, const btrfs::Key& key, Bytes body, const Place& place,
                            DeviceFacts& facts) {
    if (key.type == type::dev_item) {
        if (const auto* item = view_at<btrfs::DevItem>(body)) {
            facts.devices.insert_or_assign(item->devid, DeviceRecord{*item, place});
        } else {
            facts.devices_complete = false;
        }
    } else if (key.type == type::chunk_item) {
        accept_chunk(key, body, place, facts);
    } else {
        context.findings.report(ProblemCode::item_misplaced, place, "the chunk tree has devices and chunks only");
    }
}

void tell_device_errors(Context& context, u64 devid, Bytes body, Place place, const DeviceFacts& facts) {
    const auto counters = survey::device_errors_text(survey::device_errors_of(body));
    // The item of a device outlives it.
    const bool is_there = facts.devices.contains(devid) || !facts.devices_complete;
    if (!counters.empty() && is_there) {
        place.device = place_of_device(context, devid).device;
        context.findings.report(ProblemCode::device_errors, std::move(place),
                                fmt::format("device {}: {}", devid, counters));
    }
}

void tell_replacement(Context& context, Bytes body, const Place& place) {
    constexpr u64 started = 1;
    constexpr u64 suspended = 4;
    const auto* item = view_at<btrfs::DevReplaceItem>(body);
    if (item != nullptr && (item->replace_state == started || item->replace_state == suspended)) {
        context.findings.report(ProblemCode::device_replace_unfinished, place,
                                fmt::format("of device {}, {}", u64{item->src_devid},
                                            item->replace_state == started ? "started" : "suspended"));
    }
}

void accept_dev_tree_item(Context& context, const btrfs::Key& key, Bytes body, const Place& place, DeviceFacts& facts) {
    if (key.type == type::dev_extent) {
        if (const auto* extent = view_at<btrfs::DevExtent>(body)) {
            facts.dev_extents.push_back({.devid = key.objectid,
                                         .physical = key.offset,
                                         .length = extent->length,
                                         .chunk_start = extent->chunk_offset,
                                         .place = place});
        } else {
            facts.dev_extents_complete = false;
        }
    } else if (key.type == type::persistent_item && key.objectid == btrfs::dev_stats_objectid) {
        tell_device_errors(context, key.offset, body, place, facts);
    } else if (key.type == type::dev_replace) {
        tell_replacement(context, body, place);
    } else {
        context.findings.report(ProblemCode::item_misplaced, place,
                                "the device tree has device extents, error counters and replacements only");
    }
}

} // namespace

Place place_of_device(const Context& context, u64 devid) {
    const auto& members = context.filesystem.volume().members();
    const auto member = members.find(devid);
    const bool is_given = member != members.end() && member->second.device != nullptr;
    return {.device = is_given ? member->second.device->name() : ""};
}

DeviceFacts gather_devices(Context& context) {
    DeviceFacts facts;
    const bool chunk_tree_whole = scan_items(context, context.filesystem.chunk_tree(),
                                             [&](const btrfs::Key& key, Bytes body, const Place& place) {
                                                 accept_chunk_tree_item(context, key, body, place, facts);
                                             });
    facts.chunks_complete = facts.chunks_complete && chunk_tree_whole;
    facts.devices_complete = facts.devices_complete && chunk_tree_whole;

    const auto dev_tree = find_tree(context, btrfs::dev_tree_id);
    if (!dev_tree) {
        facts.dev_extents_complete = false;
        return facts;
    }
    const bool dev_tree_whole =
        scan_items(context, *dev_tree, [&](const btrfs::Key& key, Bytes body, const Place& place) {
            accept_dev_tree_item(context, key, body, place, facts);
        });
    facts.dev_extents_complete = facts.dev_extents_complete && dev_tree_whole;
    return facts;
}

} // namespace btrkit::check

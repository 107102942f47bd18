// SPDX-License-Identifier: MIT
// Chunks against device extents, both ways, and device extents against each other.
#include "libfs/ops/check/devices/device_facts.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

/// A stripe of a chunk and what the chunk wants of its device extent.
struct WantedExtent {
    u64 devid = 0;
    u64 physical = 0;
    u64 length = 0;
    std::size_t stripe = 0;
    const ChunkRecord* chunk = nullptr;

    u64 chunk_start() const { return chunk->chunk.start.bytenr; }
};

template <class Extent>
auto place_on_device(const Extent& extent) {
    return std::tuple(extent.devid, extent.physical);
}

std::vector<WantedExtent> wanted_extents(const DeviceFacts& facts) {
    std::vector<WantedExtent> wanted;
    for (const auto& [start, record] : facts.chunks) {
        const auto& stripes = record.chunk.stripes;
        for (std::size_t stripe = 0; stripe < stripes.size(); ++stripe) {
            wanted.push_back({.devid = stripes[stripe].devid,
                              .physical = stripes[stripe].offset,
                              .length = record.chunk.length / record.chunk.data_stripes(),
                              .stripe = stripe,
                              .chunk = &record});
        }
    }
    std::ranges::sort(wanted, {}, [](const WantedExtent& extent) {
        return std::tuple(extent.devid, extent.physical, extent.chunk_start(), extent.stripe);
    });
    return wanted;
}

void tell_missing(Context& context, const WantedExtent& wanted) {
    Place place = wanted.chunk->place;
    place.logical = wanted.chunk->chunk.start;
    context.findings.report(ProblemCode::dev_extent_missing, std::move(place),
                            fmt::format("stripe {} of chunk {}: {} bytes at {} of device {}", wanted.stripe,
                                        wanted.chunk_start(), wanted.length, wanted.physical, wanted.devid));
}

void tell_unfounded(Context& context, const DeviceFacts& facts, const DevExtentRecord& extent) {
    const bool has_chunk = facts.find_chunk(extent.chunk_start) != nullptr;
    context.findings.report(
        ProblemCode::dev_extent_unfounded, extent.place,
        fmt::format("{} bytes at {} of device {}: {} {}", extent.length, extent.physical, extent.devid,
                    has_chunk ? "no stripe is there of chunk" : "there is no chunk at", extent.chunk_start));
}

void compare_extent(Context& context, const WantedExtent& wanted, const DevExtentRecord& extent) {
    const auto differs = [&](std::string_view what, u64 is, u64 should_be) {
        if (is != should_be) {
            context.findings.report(
                ProblemCode::dev_extent_differs, extent.place,
                fmt::format("{} is {}, but chunk {} says {}", what, is, wanted.chunk_start(), should_be));
        }
    };
    differs("chunk", extent.chunk_start, wanted.chunk_start());
    differs("length", extent.length, wanted.length);
}

/// A merge of two sorted lists. Two stripes that claim one place: the second one misses its extent.
void match_stripes(Context& context, const DeviceFacts& facts) {
    const auto wanted = wanted_extents(facts);
    auto next = wanted.begin();
    const auto tell_missing_before = [&](const DevExtentRecord* extent) {
        while (next != wanted.end() && (extent == nullptr || place_on_device(*next) < place_on_device(*extent))) {
            if (facts.dev_extents_complete) {
                tell_missing(context, *next);
            }
            ++next;
        }
    };
    for (const DevExtentRecord& extent : facts.dev_extents) {
        tell_missing_before(&extent);
        if (next != wanted.end() && place_on_device(*next) == place_on_device(extent)) {
            compare_extent(context, *next, extent);
            ++next;
        } else if (facts.chunks_complete) {
            tell_unfounded(context, facts, extent);
        }
    }
    tell_missing_before(nullptr);
}

void check_bounds(Context& context, const DeviceFacts& facts, const DevExtentRecord& extent) {
    const auto device = facts.devices.find(extent.devid);
    if (device == facts.devices.end()) {
        return; // what has a chunk is told with the device
    }
    const u64 size = device->second.item.total_bytes;
    if (range_from(extent.physical, extent.length).end > size) {
        context.findings.report(ProblemCode::dev_extent_bounds, extent.place,
                                fmt::format("{} bytes at {} of device {}, which has {}", extent.length, extent.physical,
                                            extent.devid, size));
    }
}

/// Neighbours in one leaf are compared where items are checked.
class OverlapCheck {
public:
    explicit OverlapCheck(Findings& findings) : findings_(&findings) {}

    void add(const DevExtentRecord& extent) {
        const bool overlaps = furthest_ != nullptr && furthest_->devid == extent.devid && end_ > extent.physical;
        const bool is_told = furthest_ == previous_ && overlaps && furthest_->place.logical == extent.place.logical;
        if (overlaps && !is_told) {
            findings_->report(ProblemCode::item_dev_extent_overlap, extent.place,
                              fmt::format("begins at {}, but the extent at {} ends at {}", extent.physical,
                                          furthest_->physical, end_));
        }
        const u64 end = range_from(extent.physical, extent.length).end;
        if (furthest_ == nullptr || furthest_->devid != extent.devid || end > end_) {
            furthest_ = &extent;
            end_ = end;
        }
        previous_ = &extent;
    }

private:
    Findings* findings_;
    const DevExtentRecord* furthest_ = nullptr; ///< of those on this device the one that reaches furthest
    const DevExtentRecord* previous_ = nullptr;
    u64 end_ = 0;
};

} // namespace

void check_dev_extents(Context& context, const DeviceFacts& facts) {
    OverlapCheck overlaps(context.findings);
    for (const DevExtentRecord& extent : facts.dev_extents) {
        check_bounds(context, facts, extent);
        overlaps.add(extent);
    }
    match_stripes(context, facts);
}

} // namespace btrkit::check

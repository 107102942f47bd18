// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/trim.h"

#include "libfs/fs/item_range.h"
#include "libfs/space/chunk_allocator.h"
#include "libfs/space/extent_item.h"
#include "libfs/space/free_space.h"
#include "libfs/volume/chunk_rows.h"
#include "libfs/volume/stripe_map.h"

#include <algorithm>

namespace btrkit::resize {

namespace {

/// Bytes of the devices that must stay, by devid.
class InUse {
public:
    explicit InUse(const Filesystem& filesystem) : chunks_(filesystem.volume().chunks()) {
        for (const auto& [devid, member] : filesystem.volume().members()) {
            auto& ranges = ranges_[devid];
            ranges.append({0, reserved_at_device_start});
            for (const u64 offset : btrfs::superblock_offsets) {
                ranges.insert(range_from(offset, btrfs::superblock_size));
            }
        }
    }

    /// As far as it lies in the chunk that it begins in.
    void add(Range extent) {
        if (const Chunk* chunk = chunks_.find({extent.start})) {
            extent.end = std::min(extent.end, range_of(*chunk).end);
            chunk->profile().parity > 0 ? add_rows(*chunk, extent) : add_copies(*chunk, extent);
        }
    }

    const std::map<u64, RangeSet>& ranges() const { return ranges_; }

private:
    void add_copies(const Chunk& chunk, Range part) {
        for (unsigned mirror = 1; mirror <= stored_copies(chunk); ++mirror) {
            for (u64 at = part.start; at < part.end;) {
                const auto run = map_stripe(chunk, {at}, part.end - at, mirror);
                ranges_[run.physical.devid].insert(range_from(run.physical.offset, run.length));
                at += run.length;
            }
        }
    }
    void add_rows(const Chunk& chunk, Range part) {
        const Range rows = rows_around(chunk, part);
        const u64 first = (rows.start - chunk.start.bytenr) / row_bytes(chunk) * btrfs::raid_stripe_length;
        const u64 end =
            (rows.end - chunk.start.bytenr + row_bytes(chunk) - 1) / row_bytes(chunk) * btrfs::raid_stripe_length;
        for (const auto& stripe : chunk.stripes) {
            ranges_[stripe.devid].insert({stripe.offset + first, stripe.offset + end});
        }
    }

    const ChunkMap& chunks_;
    std::map<u64, RangeSet> ranges_;
};

/// Everything that extents have.
Result<void> add_extents(const Filesystem& filesystem, InUse& in_use) {
    BTRKIT_TRY_ASSIGN(const auto tree, filesystem.find_tree(btrfs::extent_tree_id));
    ItemRange items(filesystem.reader(), tree.block, KeyRange{});
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (!is_there) {
            return {};
        }
        if (const auto extent = parse_extent(items.key(), items.data(), filesystem.geometry())) {
            in_use.add(range_from(extent->bytenr, extent->length_bytes));
        }
    }
}

} // namespace

Result<void> trim(const Filesystem& filesystem, const WritableDevices& devices) {
    InUse in_use(filesystem);
    BTRKIT_TRY(add_extents(filesystem, in_use));
    for (const auto& [devid, ranges] : in_use.ranges()) {
        auto& device = *devices.at(devid);
        const u64 end = device.size_bytes();
        for (auto gap = ranges.first_gap({0, end}); gap; gap = ranges.first_gap({gap->end, end})) {
            BTRKIT_TRY(device.discard(gap->start, gap->length()));
        }
    }
    return flush_all(devices);
}

} // namespace btrkit::resize

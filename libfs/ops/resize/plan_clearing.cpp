// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/plan_parts.h"
#include "libfs/space/free_space.h"
#include "libfs/volume/cut_chunk.h"

#include <algorithm>

namespace btrkit::resize {

namespace {

/// Trees that list blocks may grow by what is moved.
constexpr u64 spare_bytes = mib;

/// What must be vacated, with everything beyond the ends of the devices.
DeviceRanges with_ends(DeviceRanges vacated, const SpaceUse& use, const DeviceSizes& ends) {
    for (const auto& device : use.devices) {
        vacated[device.devid].insert({ends.at(device.devid), ~u64{0}});
    }
    return vacated;
}

/// The longest stretch of rows of which no stripe has any of those bytes. Empty where there is none.
Range rows_outside(const Chunk& chunk, const DeviceRanges& vacated) {
    RangeSet hit; // of each stripe
    for (const auto& stripe : chunk.stripes) {
        const Range place = range_from(stripe.offset, chunk.stripe_length_bytes());
        for (const Range range : vacated.at(stripe.devid).within(place).ranges()) {
            hit.insert({round_down(range.start - place.start, btrfs::raid_stripe_length),
                        round_up(range.end - place.start, btrfs::raid_stripe_length)});
        }
    }
    const Range whole = {0, chunk.stripe_length_bytes()};
    Range longest;
    for (auto gap = hit.first_gap(whole); gap; gap = hit.first_gap({gap->end, whole.end})) {
        if (gap->length() > longest.length()) {
            longest = *gap;
        }
    }
    const u64 rows_start = longest.start / btrfs::raid_stripe_length * row_bytes(chunk);
    const u64 rows_end =
        round_up(longest.end, btrfs::raid_stripe_length) / btrfs::raid_stripe_length * row_bytes(chunk);
    return longest.length() == 0
               ? Range{}
               : Range{chunk.start.bytenr + rows_start, chunk.start.bytenr + std::min(chunk.length, rows_end)};
}

class Clearing {
public:
    Clearing(const SpaceUse& use, const ChunkMap& chunks, const DeviceRanges& vacated, const DeviceSizes& ends)
        : use_(use), chunks_(chunks), vacated_(with_ends(vacated, use, ends)),
          planner_(ChunkAllocator(devices_without(use, taken(), ends), use.next_start)) {}

    std::optional<Relocation> plan() {
        cut_chunks();
        for (const Range extent : use_.data) {
            if (must_move(extent)) {
                leaving_bytes_ += extent.length();
                planner_.expect(chunks_.find({extent.start})->type, extent.length());
            }
        }
        if (leaving_bytes_ == 0 && relocation_.cut.empty()) {
            return std::move(relocation_);
        }
        if (!reserve_blocks()) {
            return std::nullopt;
        }
        add_holes();
        MoveList moves(chunks_, planner_, relocation_.data);
        for (const Range extent : use_.data) {
            if (must_move(extent) && !moves.move(extent)) {
                return std::nullopt;
            }
        }
        relocation_.new_chunks = cut_to_filled(planner_.new_chunks(), relocation_.data);
        return std::move(relocation_);
    }

private:
    /// Where no new chunk may lie: the committed ones are whole until the end.
    DeviceRanges taken() const {
        auto taken = places_of(chunks_.chunks());
        for (const auto& [devid, ranges] : vacated_) {
            taken[devid] = united(taken[devid], ranges);
        }
        return taken;
    }

    void cut_chunks() {
        for (const auto& chunk : chunks_.chunks()) {
            const Range rows = rows_outside(chunk, vacated_);
            if (rows.length() == 0) {
                relocation_.cut[chunk.start.bytenr] = std::nullopt;
            } else if (rows.length() != chunk.length) {
                relocation_.cut[chunk.start.bytenr] = cut_chunk(chunk, rows);
            }
        }
    }

    /// What is left of the chunk; nothing where it goes.
    std::optional<Chunk> left_of(const Chunk& chunk) const {
        const auto found = relocation_.cut.find(chunk.start.bytenr);
        return found == relocation_.cut.end() ? chunk : found->second;
    }

    bool must_move(Range extent) const {
        const auto found = relocation_.cut.find(chunks_.find({extent.start})->start.bytenr);
        if (found == relocation_.cut.end()) {
            return false;
        }
        return !found->second || extent.start < found->second->start.bytenr ||
               extent.end > range_of(*found->second).end;
    }

    /// All blocks of all trees may be written anew, and their old places are not free yet.
    bool reserve_blocks() {
        const auto types = chunk_types(chunks_);
        u64 system_free = 0;
        u64 metadata_free = 0;
        for (const auto& chunk : chunks_.chunks()) {
            if (relocation_.cut.contains(chunk.start.bytenr) || (chunk.type & btrfs::block_group_data) != 0) {
                continue; // what is left of a group that is cut may be full
            }
            ((chunk.type & btrfs::block_group_system) != 0 ? system_free : metadata_free) += free_bytes(chunk);
        }
        const u64 metadata_needed = use_.metadata_bytes + spare_bytes;
        return (system_free >= 2 * use_.system_bytes || planner_.reserve(types.system, least_system_bytes)) &&
               (metadata_free >= metadata_needed || planner_.reserve(types.metadata, metadata_needed - metadata_free));
    }

    /// At least so many bytes can be given out for blocks. In raid5 and raid6 that is whole rows: each block may spoil
    /// one.
    u64 free_bytes(const Chunk& chunk) const {
        const auto found = use_.block_bytes.find(chunk.start.bytenr);
        const u64 used = found == use_.block_bytes.end() ? 0 : found->second;
        const u64 spoilt = chunk.profile().parity == 0 ? used : used / use_.nodesize * row_bytes(chunk);
        return chunk.length - std::min(chunk.length, spoilt);
    }

    void add_holes() {
        RangeSet allocated;
        for (const Range extent : use_.data) {
            allocated.append(extent);
        }
        allocated = united(allocated, use_.blocks_among_data);
        for (const auto& chunk : chunks_.chunks()) {
            const auto left = left_of(chunk);
            // In raid5 and raid6 a row is written as a whole or not at all: holes are of no use.
            if (left && (left->type & btrfs::block_group_data) != 0 && left->profile().parity == 0) {
                planner_.add_group(BlockGroupSpace(*left, allocated));
            }
        }
    }

    const SpaceUse& use_;
    const ChunkMap& chunks_;
    DeviceRanges vacated_;
    ExtentPlanner planner_;
    Relocation relocation_;
    u64 leaving_bytes_ = 0;
};

} // namespace

std::optional<Relocation> plan_clearing(const SpaceUse& use, const ChunkMap& chunks, const DeviceRanges& vacated,
                                        const DeviceSizes& ends) {
    return Clearing(use, chunks, vacated, ends).plan();
}

} // namespace btrkit::resize

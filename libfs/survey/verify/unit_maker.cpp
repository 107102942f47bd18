// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/unit_maker.h"

#include "libfs/volume/stripe_map.h"

namespace btrkit::survey {

namespace {

u64 end_of(const Chunk& chunk) {
    return chunk.start.bytenr + chunk.length;
}

u64 row_bytes(const Chunk& chunk) {
    return u64{chunk.data_stripes()} * btrfs::raid_stripe_length;
}

} // namespace

std::vector<const Chunk*> chunks_in_device_order(const ChunkMap& chunks, const ChunkFilter& passes,
                                                 std::optional<u64> devid) {
    std::vector<std::pair<Physical, const Chunk*>> places;
    for (const auto& chunk : chunks.chunks()) {
        std::optional<Physical> first;
        for (const auto& stripe : chunk.stripes) {
            const Physical place{stripe.devid, stripe.offset};
            if ((!devid || stripe.devid == *devid) && (!first || place < *first)) {
                first = place;
            }
        }
        if (first && passes(chunk)) {
            places.emplace_back(*first, &chunk);
        }
    }
    std::ranges::sort(places, {}, [](const auto& entry) { return std::tuple(entry.first, entry.second->start); });
    std::vector<const Chunk*> ordered;
    ordered.reserve(places.size());
    for (const auto& entry : places) {
        ordered.push_back(entry.second);
    }
    return ordered;
}

bool UnitMaker::skip_to(u64 chunk_start, u64 position) {
    const auto found =
        std::ranges::find_if(chunks_, [&](const Chunk* chunk) { return chunk->start.bytenr == chunk_start; });
    if (found == chunks_.end() || position < chunk_start || position > end_of(**found)) {
        return false;
    }
    chunk_ = static_cast<std::size_t>(found - chunks_.begin());
    const Chunk& chunk = **found;
    position_ = chunk.start.bytenr + round_down(position - chunk.start.bytenr, row_bytes(chunk));
    return true;
}

bool UnitMaker::next(VerifyUnit& unit) {
    for (; chunk_ < chunks_.size(); ++chunk_, position_ = 0) {
        const Chunk& chunk = *chunks_[chunk_];
        position_ = std::max(position_, chunk.start.bytenr);
        if (position_ >= end_of(chunk)) {
            continue;
        }
        const auto* extent = extents_.find(position_);
        if (extent == nullptr || extent->range.start >= end_of(chunk)) {
            continue;
        }
        begin(unit, chunk, std::max(position_, extent->range.start));
        if (unit.sectors.empty()) {
            continue; // less than a sector is left of an impossible chunk
        }
        fill(unit);
        position_ = unit.range.end;
        return true;
    }
    return false;
}

/// An empty unit that begins with the row of that address, or where the one before it has ended.
void UnitMaker::begin(VerifyUnit& unit, const Chunk& chunk, u64 from) const {
    const u64 row = row_bytes(chunk);
    const u64 start = std::max(position_, chunk.start.bytenr + round_down(from - chunk.start.bytenr, row));
    const u64 length = std::max(round_down(VerifyUnit::usual_bytes, row), row);
    unit.chunk = &chunk;
    unit.range = {start, start};
    unit.sectorsize = geometry_.sectorsize;
    unit.csum_size_bytes = geometry_.csum_size_bytes;
    unit.sectors.clear();
    unit.checksums.clear();
    unit.blocks.clear();
    unit.extents.clear();
    unit.is_contradictory = false;
    extend(unit, start + std::min(length, end_of(chunk) - start));
}

/// Makes the unit longer, to the end of a row or of the chunk.
void UnitMaker::extend(VerifyUnit& unit, u64 end) {
    const Chunk& chunk = *unit.chunk;
    const u64 rows_end = chunk.start.bytenr + round_up(end - chunk.start.bytenr, row_bytes(chunk));
    const u64 length = round_down(std::min(rows_end, end_of(chunk)) - unit.range.start, unit.sectorsize);
    unit.range.end = unit.range.start + length;
    unit.sectors.resize(length / unit.sectorsize, SectorUse::free);
    unit.checksums.resize(unit.sectors.size() * unit.csum_size_bytes);
    unit.extents.resize((length + btrfs::raid_stripe_length - 1) / btrfs::raid_stripe_length);
}

void UnitMaker::fill(VerifyUnit& unit) {
    for (u64 at = unit.range.start; at < unit.range.end;) {
        const auto* extent = extents_.find(at);
        if (extent == nullptr || extent->range.start >= unit.range.end) {
            break;
        }
        mark(unit, *extent);
        at = extent->range.end;
    }
    for (const auto& checksums : checksums_) {
        checksums->fill(unit);
    }
}

void UnitMaker::mark(VerifyUnit& unit, const UsedExtent& extent) {
    using Kind = UsedExtent::Kind;
    const Range& range = extent.range;
    if (extent.kind == Kind::block) {
        const bool is_whole = range.start >= unit.range.start && range.end <= end_of(*unit.chunk) &&
                              is_aligned(range.start, unit.sectorsize);
        if (!is_whole) {
            return; // begun in a unit before, or impossible: check says so
        }
        if (range.end > unit.range.end) {
            extend(unit, range.end);
        }
        unit.blocks.push_back(extent.promise);
    }
    const u64 start = std::max(range.start, unit.range.start);
    const u64 end = std::min(range.end, unit.range.end);
    for (u64 at = start; at < end; at += unit.sectorsize) {
        auto& use = unit.sectors[unit.index_of(at)];
        if (extent.kind == Kind::lost) {
            use = use == SectorUse::free ? SectorUse::lost : use;
        } else {
            const bool is_block = extent.kind == Kind::block;
            unit.is_contradictory =
                unit.is_contradictory || use == SectorUse::block || (is_block && use == SectorUse::plain);
            use = is_block ? SectorUse::block : SectorUse::plain;
        }
    }
    if (extent.kind == Kind::lost || start >= end) {
        return;
    }
    for (u64 stripe = (start - unit.range.start) / btrfs::raid_stripe_length;
         stripe <= (end - 1 - unit.range.start) / btrfs::raid_stripe_length; ++stripe) {
        ++(extent.kind == Kind::block ? unit.extents[stripe].tree : unit.extents[stripe].data);
    }
}

} // namespace btrkit::survey

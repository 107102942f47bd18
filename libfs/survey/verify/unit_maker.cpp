// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/unit_maker.h"

#include "libfs/volume/chunk_rows.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::survey {

namespace {

/// Where not even a device that is much longer than what is there of it would hold anything of the chunk.
u64 reachable_end(const Volume& volume, const Chunk& chunk) {
    constexpr u64 times = 16;
    constexpr u64 least_bytes = u64{1} << 30;
    u64 longest = 0;
    for (const auto& stripe : chunk.stripes) {
        const auto member = volume.members().find(stripe.devid);
        if (member != volume.members().end() && member->second.device != nullptr) {
            const u64 size = std::min(member->second.device->size_bytes(), ~u64{0} / times / 2);
            const u64 limit = size * times + least_bytes;
            longest = std::max(longest, limit - std::min(limit, stripe.offset));
        }
    }
    if (longest >= chunk.stripe_length_bytes()) {
        return chunk.start.bytenr + chunk.length;
    }
    const u64 rows = round_up(longest, btrfs::raid_stripe_length) / btrfs::raid_stripe_length;
    return chunk.start.bytenr + std::min(chunk.length, rows * row_bytes(chunk));
}

} // namespace

std::vector<ChunkPart> chunks_in_device_order(const Volume& volume, const ChunkFilter& passes,
                                              std::optional<u64> devid) {
    std::vector<std::pair<Physical, ChunkPart>> places;
    for (const auto& chunk : volume.chunks().chunks()) {
        std::optional<Physical> first;
        for (const auto& stripe : chunk.stripes) {
            const Physical place{stripe.devid, stripe.offset};
            if ((!devid || stripe.devid == *devid) && (!first || place < *first)) {
                first = place;
            }
        }
        const u64 end = reachable_end(volume, chunk);
        if (first && end > chunk.start.bytenr && passes(chunk)) {
            places.emplace_back(*first, ChunkPart{.chunk = &chunk, .end = end});
        }
    }
    std::ranges::sort(places, {}, [](const auto& entry) { return std::tuple(entry.first, entry.second.chunk->start); });
    std::vector<ChunkPart> ordered;
    ordered.reserve(places.size());
    for (const auto& entry : places) {
        ordered.push_back(entry.second);
    }
    return ordered;
}

bool UnitMaker::skip_to(u64 chunk_start, u64 position) {
    const auto found =
        std::ranges::find_if(chunks_, [&](const ChunkPart& part) { return part.chunk->start.bytenr == chunk_start; });
    if (found == chunks_.end() || position < chunk_start || position > found->end) {
        return false;
    }
    chunk_ = static_cast<std::size_t>(found - chunks_.begin());
    position_ = chunk_start + round_down(position - chunk_start, row_bytes(*found->chunk));
    return true;
}

bool UnitMaker::next(VerifyUnit& unit) {
    for (; chunk_ < chunks_.size(); ++chunk_, position_ = 0) {
        const ChunkPart& part = chunks_[chunk_];
        position_ = std::max(position_, part.chunk->start.bytenr);
        const auto used = first_used(part.end);
        if (!used) {
            continue;
        }
        begin(unit, part, *used);
        if (unit.sectors.empty()) {
            continue; // less than a sector is left of an impossible chunk
        }
        fill(unit);
        position_ = unit.range.end;
        return true;
    }
    return false;
}

/// From position_ on. Where nobody knows what is used, it is what has checksums.
std::optional<u64> UnitMaker::first_used(u64 chunk_end) {
    for (u64 at = position_; at < chunk_end;) {
        const auto* extent = extents_.find(at);
        if (extent == nullptr || extent->range.start >= chunk_end) {
            return std::nullopt;
        }
        u64 used = std::max(at, extent->range.start);
        if (extent->kind == UsedExtent::Kind::lost) {
            u64 first = ~u64{0};
            for (const auto& checksums : checksums_) {
                first = std::min(first, checksums->first_from(used));
            }
            used = first;
        }
        if (used < std::min(extent->range.end, chunk_end)) {
            return used;
        }
        at = extent->range.end;
    }
    return std::nullopt;
}

/// An empty unit that begins with the row of that address, or where the one before it has ended.
void UnitMaker::begin(VerifyUnit& unit, const ChunkPart& part, u64 from) const {
    const Chunk& chunk = *part.chunk;
    const u64 row = row_bytes(chunk);
    const u64 start = std::max(position_, chunk.start.bytenr + round_down(from - chunk.start.bytenr, row));
    const u64 length = std::max(round_down(VerifyUnit::usual_bytes, row), row);
    unit.chunk = &chunk;
    unit.chunk_end = part.end;
    unit.range = {start, start};
    unit.sectorsize = geometry_.sectorsize;
    unit.csum_size_bytes = geometry_.csum_size_bytes;
    unit.sectors.clear();
    unit.checksums.clear();
    unit.blocks.clear();
    unit.extents.clear();
    unit.is_contradictory = false;
    extend(unit, start + std::min(length, part.end - start));
}

/// Makes the unit longer, to the end of a row or of the chunk.
void UnitMaker::extend(VerifyUnit& unit, u64 end) {
    const Chunk& chunk = *unit.chunk;
    const u64 rows_end = chunk.start.bytenr + round_up(end - chunk.start.bytenr, row_bytes(chunk));
    const u64 length = round_down(std::min(rows_end, unit.chunk_end) - unit.range.start, unit.sectorsize);
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
        const bool is_whole =
            range.start >= unit.range.start && range.end <= unit.chunk_end && is_aligned(range.start, unit.sectorsize);
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

// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/plans.h"
#include "libfs/space/free_space.h"
#include "libfs/volume/cut_chunk.h"

#include <algorithm>

namespace btrkit::resize {

namespace {

/// Of a chunk, at both ends together.
constexpr u64 least_trimmed_bytes = mib;

/// The only metadata chunk, cut to what it needs: its blocks, room to write all of them anew, and the kernel's reserve.
void trim_metadata(const SpaceUse& use, const ChunkMap& chunks, Relocation& relocation) {
    const Chunk* only = nullptr;
    for (const auto& chunk : chunks.chunks()) {
        if ((chunk.type & btrfs::block_group_metadata) == 0) {
            continue;
        }
        if (only != nullptr || (chunk.type & btrfs::block_group_data) != 0 || chunk.profile().parity > 0) {
            return;
        }
        only = &chunk;
    }
    if (only == nullptr) {
        return;
    }
    const u64 needed =
        round_up(use.metadata_bytes + std::max(use.reserve_bytes, use.metadata_bytes + mib), row_bytes(*only));
    if (only->length >= needed + least_trimmed_bytes) {
        const u64 start = only->start.bytenr;
        relocation.cut[start] = cut_chunk(*only, {start, start + needed});
    }
}

} // namespace

std::optional<Relocation> plan_trimming(const SpaceUse& use, const ChunkMap& chunks) {
    Relocation relocation;
    auto extent = use.data.begin();
    for (const auto& chunk : chunks.chunks()) {
        if ((chunk.type & btrfs::block_group_type_mask) != btrfs::block_group_data) {
            continue;
        }
        const Range whole = range_of(chunk);
        extent = std::find_if(extent, use.data.end(), [&](Range each) { return each.start >= whole.start; });
        const auto end = std::find_if(extent, use.data.end(), [&](Range each) { return each.start >= whole.end; });
        if (extent == end) {
            relocation.cut[whole.start] = std::nullopt;
            continue;
        }
        const Range used = rows_around(chunk, {extent->start, std::prev(end)->end});
        if (chunk.length - used.length() >= least_trimmed_bytes) {
            relocation.cut[whole.start] = cut_chunk(chunk, used);
        }
        extent = end;
    }
    trim_metadata(use, chunks, relocation);
    return relocation.is_empty() ? std::nullopt : std::optional(std::move(relocation));
}

} // namespace btrkit::resize

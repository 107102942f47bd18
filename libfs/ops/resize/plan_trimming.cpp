// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/plans.h"
#include "libfs/space/free_space.h"
#include "libfs/volume/cut_chunk.h"

#include <algorithm>

namespace btrkit::resize {

namespace {

/// Of a chunk, at both ends together.
constexpr u64 least_trimmed_bytes = mib;

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
        const u64 row = row_bytes(chunk);
        const Range used = {whole.start + round_down(extent->start - whole.start, row),
                            std::min(whole.end, whole.start + round_up(std::prev(end)->end - whole.start, row))};
        if (chunk.length - used.length() >= least_trimmed_bytes) {
            relocation.cut[whole.start] = cut_chunk(chunk, used);
        }
        extent = end;
    }
    return relocation.is_empty() ? std::nullopt : std::optional(std::move(relocation));
}

} // namespace btrkit::resize

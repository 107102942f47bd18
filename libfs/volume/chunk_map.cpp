// SPDX-License-Identifier: MIT
#include "libfs/volume/chunk_map.h"

namespace btrkit {

u32 Chunk::data_stripes() const {
    if (stripes.empty()) {
        return 0;
    }
    return (static_cast<u32>(stripes.size()) - profile().parity) / profile().copies;
}

u64 Chunk::stripe_length_bytes() const {
    const u64 data_count = data_stripes();
    if (data_count == 0) {
        return 0;
    }
    const u64 row_bytes = data_count * btrfs::raid_stripe_length;
    const u64 last_row_bytes = length % row_bytes;
    return length / row_bytes * btrfs::raid_stripe_length + std::min<u64>(last_row_bytes, btrfs::raid_stripe_length);
}

bool ChunkMap::add(Chunk chunk) {
    // The first chunk that does not end before the new one begins.
    const auto at = std::ranges::partition_point(
        chunks_, [&](const Chunk& known) { return known.start < chunk.start && !known.contains(chunk.start); });
    if (at != chunks_.end()) {
        if (at->start == chunk.start && at->length == chunk.length) {
            *at = std::move(chunk);
            return true;
        }
        if (at->contains(chunk.start) || chunk.contains(at->start)) {
            return false;
        }
    }
    chunks_.insert(at, std::move(chunk));
    return true;
}

const Chunk* ChunkMap::find(Logical at) const {
    const auto behind = std::ranges::upper_bound(chunks_, at, {}, &Chunk::start);
    if (behind == chunks_.begin()) {
        return nullptr;
    }
    const Chunk& chunk = *std::prev(behind);
    return chunk.contains(at) ? &chunk : nullptr;
}

std::optional<Physical> find_overlap(const ChunkMap& chunks) {
    std::vector<std::pair<Physical, u64>> stripes;
    for (const auto& chunk : chunks.chunks()) {
        for (const auto& stripe : chunk.stripes) {
            stripes.emplace_back(Physical{stripe.devid, stripe.offset}, chunk.stripe_length_bytes());
        }
    }
    std::ranges::sort(stripes);
    for (std::size_t i = 1; i < stripes.size(); ++i) {
        const auto& [before, length] = stripes[i - 1];
        const Physical place = stripes[i].first;
        if (before.devid == place.devid && place.offset - before.offset < length) {
            return place;
        }
    }
    return std::nullopt;
}

} // namespace btrkit

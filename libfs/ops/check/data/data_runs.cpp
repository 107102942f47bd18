// SPDX-License-Identifier: MIT
#include "libfs/ops/check/data/data_runs.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/data_checksums.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::check {

unsigned plain_copies(const Chunk& chunk) {
    return chunk.profile().parity > 0 ? std::min(1U, mirror_count(chunk)) : mirror_count(chunk);
}

bool DataRuns::next(DataRun& run) {
    while (mirror_ > 0 || begin_pass()) {
        if (fill(run)) {
            return true;
        }
        const auto& chunk = context_.filesystem.volume().chunks().chunks()[chunk_];
        mirror_ = mirror_ < plain_copies(chunk) ? mirror_ + 1 : 0;
        if (mirror_ == 0) {
            ++chunk_;
        } else if (!begin_pass()) {
            return false;
        }
    }
    return false;
}

/// Stands at the first item that may tell of the chunk, or of the next chunk with data. False behind the last chunk.
bool DataRuns::begin_pass() {
    const auto chunks = context_.filesystem.volume().chunks().chunks();
    for (; chunk_ < chunks.size(); ++chunk_) {
        const auto& chunk = chunks[chunk_];
        if ((chunk.type & btrfs::block_group_data) == 0 || plain_copies(chunk) == 0) {
            continue;
        }
        mirror_ = std::max(mirror_, 1U);
        position_ = chunk.start.bytenr;
        const u64 reach = std::min(position_, most_covered_bytes(context_.geometry()));
        cursor_.seek({btrfs::extent_csum_objectid, btrfs::item_type::extent_csum, position_ - reach});
        return true;
    }
    return false;
}

bool DataRuns::fill(DataRun& run) {
    run.chunk = &context_.filesystem.volume().chunks().chunks()[chunk_];
    run.mirror = mirror_;
    run.length_bytes = 0;
    run.checksums.clear();
    while (cursor_.valid() && take(run)) {
    }
    return run.length_bytes > 0;
}

/// Takes what the cursor's item adds to the run, and goes on where it has no more. False where the run ends.
bool DataRuns::take(DataRun& run) {
    const auto& geometry = context_.geometry();
    const u64 sectorsize = geometry.sectorsize;
    const auto key = cursor_.key();
    const Bytes checksums = cursor_.data();
    const u64 chunk_end = run.chunk->start.bytenr + run.chunk->length;
    if (key.type == btrfs::item_type::extent_csum && key.offset >= chunk_end) {
        return false;
    }
    const u64 item_end = key.offset + checksums.size() / geometry.csum_size_bytes * sectorsize;
    Range part{std::max(position_, key.offset), std::min(item_end, chunk_end)};
    if (key.type == btrfs::item_type::extent_csum && key.offset % sectorsize == 0 && item_end > key.offset) {
        part = wanted_part(part);
    } else {
        part.end = part.start;
    }
    part.start += (sectorsize - part.start % sectorsize) % sectorsize;
    if (part.start + sectorsize > part.end) {
        return cursor_.next();
    }
    if (run.length_bytes > 0 && run.start.bytenr + run.length_bytes != part.start) {
        return false;
    }
    if (run.length_bytes == 0) {
        run.start = {part.start};
    }
    const u64 length = std::min(part.length() / sectorsize * sectorsize, DataRun::most_bytes - run.length_bytes);
    const auto first = (part.start - key.offset) / sectorsize * geometry.csum_size_bytes;
    const Bytes taken = checksums.subspan(first, length / sectorsize * geometry.csum_size_bytes);
    run.checksums.insert(run.checksums.end(), taken.begin(), taken.end());
    run.length_bytes += length;
    position_ = part.start + length;
    return run.length_bytes < DataRun::most_bytes;
}

/// The first part of the range that extents hold; where parts of the extent tree are lost, nobody knows, and it is all.
Range DataRuns::wanted_part(Range range) const {
    const auto& space = context_.space;
    if (range.start >= range.end || !context_.unknown_extents.empty()) {
        return range;
    }
    const auto found = space.data.touching(range);
    if (found.empty()) {
        return {range.end, range.end};
    }
    return {std::max(range.start, found.front().start), std::min(range.end, found.front().end)};
}

u64 DataRuns::total_bytes() const {
    const RangeSet covered = difference(context_.space.data, context_.space.data_without_csum);
    u64 total = 0;
    for (const auto& chunk : context_.filesystem.volume().chunks().chunks()) {
        const Range all{chunk.start.bytenr, chunk.start.bytenr + chunk.length};
        for (const Range range : covered.touching(all)) {
            total += (std::min(range.end, all.end) - std::max(range.start, all.start)) * plain_copies(chunk);
        }
    }
    return total;
}

} // namespace btrkit::check

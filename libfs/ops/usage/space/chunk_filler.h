// SPDX-License-Identifier: MIT
// From extents in the order of their addresses to what one chunk holds.
#pragma once

#include "libfs/ops/usage/space/space_scan.h"
#include "libfs/space/free_space.h"

namespace btrkit::usage {

/// Where the extents of one chunk have come to.
class ChunkFiller {
public:
    explicit ChunkFiller(ChunkSpace& space)
        : space_(space), supers_(super_stripes(*space.chunk)), position_(space.chunk->start.bytenr) {}

    u64 end() const { return range_of(*space_.chunk).end; }

    /// In order of their addresses; what overlaps counts once.
    void add(Range extent, u64 generation) {
        const Range inside{std::max(extent.start, position_), std::min(extent.end, end())};
        if (inside.start >= inside.end) {
            return;
        }
        add_free({position_, inside.start});
        position_ = inside.end;
        space_.used_bytes += inside.length();
        ++bucket_of(inside.start).extent_count;
        for (u64 at = inside.start; at < inside.end;) {
            const u64 next = std::min(inside.end, bucket_end(at));
            auto& bucket = bucket_of(at);
            bucket.used_bytes += next - at;
            bucket.generation_bytes += static_cast<double>(generation) * static_cast<double>(next - at);
            at = next;
        }
    }

    /// What lies before that address is not known.
    void skip_to(u64 address) { position_ = std::clamp(address, position_, end()); }

    void finish() { add_free({position_, end()}); }

private:
    u64 start() const { return space_.chunk->start.bytenr; }
    SpaceBucket& bucket_of(u64 address) { return space_.buckets[(address - start()) / space_.bucket_bytes]; }
    u64 bucket_end(u64 address) const {
        const u64 number = (address - start()) / space_.bucket_bytes;
        return std::min(end(), start() + (number + 1) * space_.bucket_bytes);
    }

    void add_free(Range gap) {
        while (const auto free = supers_.first_gap(gap)) {
            space_.free.add(free->length());
            ++bucket_of(free->start).free_run_count;
            gap.start = free->end;
        }
    }

    ChunkSpace& space_;
    RangeSet supers_;
    u64 position_; ///< all before it has been told
};

} // namespace btrkit::usage

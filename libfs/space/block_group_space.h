// SPDX-License-Identifier: MIT
// The space of one block group, new or in use, given out from its start to its end.
#pragma once

#include "libfs/space/free_space.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace btrkit {

class BlockGroupSpace {
public:
    /// allocated: what extents have, here and maybe elsewhere; nothing in a new group. What holds superblock mirrors is
    /// never given out.
    explicit BlockGroupSpace(const Chunk& chunk, const RangeSet& allocated = {});

    Logical start() const { return start_; }
    Logical end() const { return end_; }
    u64 length() const { return end_.bytenr - start_.bytenr; }
    u64 type() const { return type_; }
    /// What extents have: those that were there, and what was taken.
    u64 used_bytes() const { return used_bytes_; }
    /// The next byte that can be given out, or the group's end. Where nothing was released, all that was given out lies
    /// before it.
    Logical next() const { return {next_}; }
    /// Bytes that can still be given out, in one piece or not.
    u64 left_bytes() const;

    /// That many bytes in one piece; what is passed over for it stays free. Nothing where there is no such piece: then
    /// all is passed over.
    std::optional<Logical> take(u64 bytes);
    /// The next free bytes, at most that many and at least one; nothing where the group is full.
    std::optional<Range> take_up_to(u64 bytes);
    /// Takes exactly these bytes; false where not all of them can be given out.
    bool claim(Range range);
    /// The same of an extent that stands there already, unknown until now: pinned or not; false where it is not free.
    bool adopt(Range range);
    /// Goes back to the start, so that what was passed over is given out.
    void rewind() { go_to(start_.bytenr); }

    /// Whether all of it is in use, so that it can be released.
    bool is_in_use(Range range) const {
        return taken_.covers(range) || !(gaps_.intersects(range) || freed_.intersects(range));
    }
    /// Of an extent that is no more, and is_in_use(); all of it was taken here, or none. What was taken here is given
    /// out again, and next; all else is free, but is not given out: what stands on the devices still has it.
    void release(Range range);
    /// Many at once that were there before: false, and nothing is released, where any of it is not in use, or was taken
    /// here.
    bool release_old(const RangeSet& ranges);
    /// Whatever is free in it stays so and is not given out.
    void pin(Range range);

    /// All that is free, given out or not, sorted, neighbours joined.
    RangeSet free_ranges() const;

private:
    std::optional<Range> available_from(u64 at) const;
    Range give(Range range);
    void go_to(u64 at);

    Logical start_;
    Logical end_;
    u64 type_;
    RangeSet gaps_; ///< free when this began
    RangeSet taken_;
    RangeSet freed_; ///< released, of what was allocated when this began
    RangeSet pinned_;
    u64 next_;
    u64 used_bytes_;
};

/// Block groups of one kind, by address, filled one after the other.
class SpacePool {
public:
    SpacePool() = default;
    explicit SpacePool(std::vector<BlockGroupSpace> groups) : groups_(std::move(groups)) {}
    /// Behind all others.
    void add(BlockGroupSpace group) { groups_.push_back(std::move(group)); }

    // As those of a group. What is asked for in one piece and found nowhere leaves all groups passed over.
    std::optional<Logical> take(u64 bytes);
    std::optional<Range> take_up_to(u64 bytes);
    void rewind();

    // The range must lie in one of the groups.
    void release(Range range);
    void pin(Range range);

    std::span<const BlockGroupSpace> groups() const { return groups_; }
    /// Whether a group of the pool begins there.
    bool is_group_start(Logical at) const {
        return std::ranges::binary_search(groups_, at, {}, &BlockGroupSpace::start);
    }
    u64 used_bytes() const;
    u64 left_bytes() const;
    /// Leaves out the groups at the end that nothing was taken from, but for the first `keep` ones.
    void drop_unused(std::size_t keep);

private:
    std::size_t index_of(Range range) const;

    std::vector<BlockGroupSpace> groups_;
    std::size_t current_ = 0;
};

} // namespace btrkit

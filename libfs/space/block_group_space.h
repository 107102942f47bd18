// SPDX-License-Identifier: MIT
// The space of one new block group, given out from its start to its end.
#pragma once

#include "libfs/volume/super_stripes.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace btrkit {

class BlockGroupSpace {
public:
    /// What holds superblock mirrors is never given out.
    explicit BlockGroupSpace(const Chunk& chunk);

    Logical start() const { return start_; }
    u64 length() const { return end_.bytenr - start_.bytenr; }
    u64 type() const { return type_; }
    u64 used_bytes() const { return used_bytes_; }
    /// Where the part that was never reached begins: everything given out lies before it.
    Logical next() const { return next_; }
    /// Bytes that can still be given out, in one piece or not.
    u64 left_bytes() const;

    /// That many bytes in one piece; what is passed over for it stays free. Nothing where there is no such piece.
    std::optional<Logical> take(u64 bytes);
    /// The next free bytes, at most that many and at least one; nothing where the group is full.
    std::optional<Range> take_up_to(u64 bytes);

    /// All that is free.
    RangeSet free_ranges() const;

private:
    void skip_excluded();
    /// What is excluded behind next_.
    std::span<const Range> excluded_ahead() const { return excluded_.ranges().subspan(next_excluded_); }
    u64 free_here() const; ///< bytes from next_ to the next excluded range or the end

    Logical start_;
    Logical end_;
    u64 type_;
    RangeSet excluded_;
    std::size_t next_excluded_ = 0;
    RangeSet passed_over_;
    Logical next_;
    u64 used_bytes_ = 0;
};

/// Block groups of one kind, filled one after the other.
class SpacePool {
public:
    SpacePool() = default;
    explicit SpacePool(std::vector<BlockGroupSpace> groups) : groups_(std::move(groups)) {}

    std::optional<Logical> take(u64 bytes);
    std::optional<Range> take_up_to(u64 bytes);

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
    std::vector<BlockGroupSpace> groups_;
    std::size_t current_ = 0;
};

} // namespace btrkit

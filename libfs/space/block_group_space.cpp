// SPDX-License-Identifier: MIT
#include "libfs/space/block_group_space.h"

#include <cassert>

namespace btrkit {

BlockGroupSpace::BlockGroupSpace(const Chunk& chunk, const RangeSet& allocated)
    : start_(chunk.start), end_(chunk.start + chunk.length), type_(chunk.type),
      gaps_(btrkit::free_ranges(chunk, allocated)), next_(chunk.start.bytenr),
      used_bytes_(allocated.within(range_of(chunk)).total_bytes()) {
    go_to(next_);
}

/// The first piece from there on that can be given out.
std::optional<Range> BlockGroupSpace::available_from(u64 at) const {
    for (auto gap = gaps_.first_from(at); gap;) {
        const auto untaken = taken_.first_gap(*gap);
        if (const auto piece = untaken ? pinned_.first_gap(*untaken) : std::nullopt) {
            return piece;
        }
        gap = gaps_.first_from(untaken ? untaken->end : gap->end);
    }
    return std::nullopt;
}

void BlockGroupSpace::go_to(u64 at) {
    const auto piece = available_from(at);
    next_ = piece ? piece->start : end_.bytenr;
}

Range BlockGroupSpace::give(Range range) {
    taken_.insert(range);
    used_bytes_ += range.length();
    go_to(range.end);
    return range;
}

u64 BlockGroupSpace::left_bytes() const {
    u64 left = 0;
    for (auto piece = available_from(next_); piece; piece = available_from(piece->end)) {
        left += piece->length();
    }
    return left;
}

std::optional<Logical> BlockGroupSpace::take(u64 bytes) {
    for (auto piece = available_from(next_); piece; piece = available_from(piece->end)) {
        if (piece->length() >= bytes) {
            return Logical{give({piece->start, piece->start + bytes}).start};
        }
    }
    next_ = end_.bytenr;
    return std::nullopt;
}

std::optional<Range> BlockGroupSpace::take_up_to(u64 bytes) {
    const auto piece = available_from(next_);
    if (!piece) {
        return std::nullopt;
    }
    return give({piece->start, piece->start + std::min(bytes, piece->length())});
}

bool BlockGroupSpace::claim(Range range) {
    return !pinned_.intersects(range) && adopt(range);
}

bool BlockGroupSpace::adopt(Range range) {
    if (!gaps_.covers(range) || taken_.intersects(range)) {
        return false;
    }
    taken_.insert(range);
    used_bytes_ += range.length();
    go_to(next_);
    return true;
}

void BlockGroupSpace::release(Range range) {
    used_bytes_ -= range.length();
    if (taken_.covers(range)) {
        taken_.erase(range);
        go_to(std::min(next_, range.start));
    } else {
        assert(is_in_use(range));
        freed_.insert(range);
    }
}

bool BlockGroupSpace::release_old(const RangeSet& ranges) {
    if (taken_.intersects(ranges) || gaps_.intersects(ranges) || freed_.intersects(ranges)) {
        return false;
    }
    used_bytes_ -= ranges.total_bytes();
    freed_ = united(freed_, ranges);
    return true;
}

void BlockGroupSpace::pin(Range range) {
    pinned_.insert(range);
    go_to(next_);
}

RangeSet BlockGroupSpace::free_ranges() const {
    return united(difference(gaps_, taken_), freed_);
}

std::optional<Logical> SpacePool::take(u64 bytes) {
    for (; current_ < groups_.size(); ++current_) {
        if (auto taken = groups_[current_].take(bytes)) {
            return taken;
        }
    }
    return std::nullopt;
}

std::optional<Range> SpacePool::take_up_to(u64 bytes) {
    for (; current_ < groups_.size(); ++current_) {
        if (auto taken = groups_[current_].take_up_to(bytes)) {
            return taken;
        }
    }
    return std::nullopt;
}

void SpacePool::rewind() {
    for (auto& group : groups_) {
        group.rewind();
    }
    current_ = 0;
}

std::size_t SpacePool::index_of(Range range) const {
    const auto behind = std::ranges::upper_bound(groups_, Logical{range.start}, {}, &BlockGroupSpace::start);
    assert(behind != groups_.begin() && range.end <= std::prev(behind)->end().bytenr);
    return static_cast<std::size_t>(behind - groups_.begin()) - 1;
}

void SpacePool::release(Range range) {
    const std::size_t index = index_of(range);
    groups_[index].release(range);
    if (groups_[index].next() < groups_[index].end()) {
        current_ = std::min(current_, index);
    }
}

void SpacePool::pin(Range range) {
    groups_[index_of(range)].pin(range);
}

u64 SpacePool::used_bytes() const {
    u64 bytes = 0;
    for (const auto& group : groups_) {
        bytes += group.used_bytes();
    }
    return bytes;
}

u64 SpacePool::left_bytes() const {
    u64 bytes = 0;
    for (std::size_t i = current_; i < groups_.size(); ++i) {
        bytes += groups_[i].left_bytes();
    }
    return bytes;
}

void SpacePool::drop_unused(std::size_t keep) {
    while (groups_.size() > keep && groups_.back().used_bytes() == 0) {
        groups_.pop_back();
    }
}

} // namespace btrkit

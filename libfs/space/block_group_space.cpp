// SPDX-License-Identifier: MIT
#include "libfs/space/block_group_space.h"

namespace btrkit {

BlockGroupSpace::BlockGroupSpace(const Chunk& chunk)
    : start_(chunk.start), end_(chunk.start + chunk.length), type_(chunk.type), excluded_(super_stripes(chunk)),
      next_(chunk.start) {
    skip_excluded();
}

void BlockGroupSpace::skip_excluded() {
    while (!excluded_ahead().empty() && excluded_ahead().front().start <= next_.bytenr) {
        next_.bytenr = std::max(next_.bytenr, excluded_ahead().front().end);
        ++next_excluded_;
    }
}

u64 BlockGroupSpace::free_here() const {
    const u64 limit = excluded_ahead().empty() ? end_.bytenr : excluded_ahead().front().start;
    return limit - next_.bytenr;
}

u64 BlockGroupSpace::left_bytes() const {
    u64 left = end_.bytenr - next_.bytenr;
    for (const Range excluded : excluded_ahead()) {
        left -= excluded.length();
    }
    return left;
}

std::optional<Logical> BlockGroupSpace::take(u64 bytes) {
    while (free_here() < bytes) {
        passed_over_.append(range_from(next_.bytenr, free_here()));
        next_ = next_ + free_here();
        if (next_ == end_) {
            return std::nullopt;
        }
        skip_excluded();
    }
    return Logical{take_up_to(bytes)->start};
}

std::optional<Range> BlockGroupSpace::take_up_to(u64 bytes) {
    if (next_ == end_) {
        return std::nullopt;
    }
    const Range taken = range_from(next_.bytenr, std::min(bytes, free_here()));
    used_bytes_ += taken.length();
    next_ = {taken.end};
    skip_excluded();
    return taken;
}

RangeSet BlockGroupSpace::free_ranges() const {
    RangeSet ranges = passed_over_;
    u64 at = next_.bytenr;
    for (const Range excluded : excluded_ahead()) {
        ranges.append({at, excluded.start});
        at = excluded.end;
    }
    ranges.append({at, end_.bytenr});
    return ranges;
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

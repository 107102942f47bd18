// SPDX-License-Identifier: MIT
#include "libfs/space/block_group_space.h"

namespace btrkit {

BlockGroupSpace::BlockGroupSpace(const Chunk& chunk)
    : start_(chunk.start), end_(chunk.start + chunk.length), type_(chunk.type), excluded_(super_stripes(chunk)),
      next_(chunk.start) {
    skip_excluded();
}

void BlockGroupSpace::skip_excluded() {
    while (next_excluded_ < excluded_.size() && excluded_[next_excluded_].start <= next_) {
        next_ = std::max(next_, excluded_[next_excluded_].end());
        ++next_excluded_;
    }
}

u64 BlockGroupSpace::free_here() const {
    const Logical limit = next_excluded_ < excluded_.size() ? excluded_[next_excluded_].start : end_;
    return limit.bytenr - next_.bytenr;
}

u64 BlockGroupSpace::left_bytes() const {
    u64 left = end_.bytenr - next_.bytenr;
    for (std::size_t i = next_excluded_; i < excluded_.size(); ++i) {
        left -= excluded_[i].length;
    }
    return left;
}

std::optional<Logical> BlockGroupSpace::take(u64 bytes) {
    while (free_here() < bytes) {
        if (free_here() > 0) {
            passed_over_.push_back({next_, free_here()});
        }
        next_ = next_ + free_here();
        if (next_ == end_) {
            return std::nullopt;
        }
        skip_excluded();
    }
    return take_up_to(bytes)->start;
}

std::optional<LogicalRange> BlockGroupSpace::take_up_to(u64 bytes) {
    if (next_ == end_) {
        return std::nullopt;
    }
    const LogicalRange taken = {next_, std::min(bytes, free_here())};
    used_bytes_ += taken.length;
    next_ = taken.end();
    skip_excluded();
    return taken;
}

std::vector<LogicalRange> BlockGroupSpace::free_ranges() const {
    std::vector<LogicalRange> ranges;
    const auto add = [&](LogicalRange range) {
        if (range.length == 0) {
            return;
        }
        if (!ranges.empty() && ranges.back().end() == range.start) {
            ranges.back().length += range.length;
        } else {
            ranges.push_back(range);
        }
    };
    for (const auto& range : passed_over_) {
        add(range);
    }
    Logical at = next_;
    for (std::size_t i = next_excluded_; i < excluded_.size(); ++i) {
        add({at, excluded_[i].start.bytenr - at.bytenr});
        at = excluded_[i].end();
    }
    add({at, end_.bytenr - at.bytenr});
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

std::optional<LogicalRange> SpacePool::take_up_to(u64 bytes) {
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

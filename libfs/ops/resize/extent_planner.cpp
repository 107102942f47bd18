// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/extent_planner.h"

namespace btrkit::resize {

namespace {

/// The kernel's longest stripe.
constexpr u64 most_stripe_bytes = gib;
constexpr u64 least_extent_bytes = 4 * kib; ///< a sector

} // namespace

std::optional<Logical> ExtentPlanner::take(Group& group, u64 bytes) {
    if (bytes >= group.lacks_bytes) {
        return std::nullopt;
    }
    auto at = group.space.take(bytes);
    if (!at) {
        group.space.rewind();
        at = group.space.take(bytes);
    }
    if (!at) {
        group.lacks_bytes = bytes;
        group.space.rewind();
    }
    return at;
}

/// A chunk of wanted_bytes, or as long as there is room, but not below least_bytes.
bool ExtentPlanner::grow(u64 type, u64 wanted_bytes, u64 least_bytes) {
    const u32 data_stripes = allocator_.data_stripes(type);
    if (data_stripes == 0) {
        return false;
    }
    const auto stripe_of = [&](u64 bytes) {
        return std::min(round_up((bytes + data_stripes - 1) / data_stripes, btrfs::raid_stripe_length),
                        most_stripe_bytes);
    };
    // A superblock mirror in the midst of the chunk may leave no piece that is long enough.
    std::optional<Chunk> chunk;
    for (const u64 more_bytes : {u64{0}, least_bytes + btrfs::raid_stripe_length * data_stripes}) {
        auto trial = allocator_;
        chunk = trial.allocate(type, stripe_of(wanted_bytes + more_bytes), stripe_of(least_bytes));
        if (!chunk) {
            return false;
        }
        if (more_bytes > 0 || BlockGroupSpace(*chunk).take(least_bytes)) {
            allocator_ = std::move(trial);
            break;
        }
    }
    new_chunks_.push_back(*chunk);
    groups_[type].push_back({.space = BlockGroupSpace(*chunk)});
    return true;
}

std::optional<Logical> ExtentPlanner::place(u64 type, u64 bytes) {
    auto& groups = groups_[type];
    u64& expected = expected_bytes_[type];
    for (std::size_t index = 0;;) {
        if (index == groups.size() && !grow(type, std::max(expected, bytes), bytes)) {
            return std::nullopt;
        }
        if (const auto at = take(groups[index], bytes)) {
            expected -= std::min(expected, bytes);
            return at;
        }
        // Nothing fits what is full any more.
        const bool is_full = groups[index].lacks_bytes <= least_extent_bytes;
        is_full ? void(groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(index))) : void(++index);
    }
}

u64 ExtentPlanner::left_bytes(u64 type) const {
    u64 bytes = 0;
    if (const auto found = groups_.find(type); found != groups_.end()) {
        for (Group group : found->second) {
            group.space.rewind();
            bytes += group.space.left_bytes();
        }
    }
    return bytes;
}

bool ExtentPlanner::reserve(u64 type, u64 bytes) {
    for (u64 reserved = 0; reserved < bytes;) {
        if (!grow(type, bytes - reserved, std::min(bytes - reserved, mib))) {
            return false;
        }
        reserved += BlockGroupSpace(new_chunks_.back()).left_bytes();
    }
    return true;
}

} // namespace btrkit::resize

// SPDX-License-Identifier: MIT
// An end to the work that one question may cause, whatever the image holds.
#pragma once

#include "libfs/base/address.h"

namespace btrkit::send::clone {

/// More references, to an extent or to a tree block, are not followed: the kernel's limit, by the count in the item.
inline constexpr u64 most_references = 1024;

class WorkLimit {
public:
    void begin() { left_ = most_steps; }
    /// Whether there was enough left. A step is about an item looked at.
    bool spend(u64 steps) {
        if (steps > left_) {
            left_ = 0;
            return false;
        }
        left_ -= steps;
        return true;
    }
    bool is_over() const { return left_ == 0; }

    /// A search in a tree, or a block on the way up.
    static constexpr u64 search_steps = 50;

private:
    /// Some tenths of a second. The most that a sound filesystem needs is 1024 references with all the small pieces
    /// that an extent of 128 MiB can be cut into, shared by few.
    static constexpr u64 most_steps = 4'000'000;

    u64 left_ = 0;
};

} // namespace btrkit::send::clone

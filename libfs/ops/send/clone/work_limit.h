// SPDX-License-Identifier: MIT
// An end to the work that questions may cause, whatever the image holds.
#pragma once

#include "libfs/base/address.h"

#include <algorithm>

namespace btrkit::send::clone {

/// More references, to an extent or to a tree block, are not followed: the kernel's limit, by the count in the item.
inline constexpr u64 most_references = 1024;

/// For one question after the other. Each may take long, but not most of very many. Counted and not timed, so that the
/// same image gives the same stream.
class WorkLimit {
public:
    /// A step is about an item looked at, some 20 ns; this, a look-up in a tree.
    static constexpr u64 search_steps = 50;

    void begin() {
        saved_ = std::min(saved_ - (given_ - left_) + steps_a_question, most_saved);
        given_ = left_ = std::min(saved_, most_steps);
    }
    /// Whether there was enough left.
    bool spend(u64 steps) {
        const bool is_enough = steps <= left_;
        left_ -= is_enough ? steps : left_;
        return is_enough;
    }
    bool is_over() const { return left_ == 0; }

private:
    /// On the average of many, enough to search all the references that are followed.
    static constexpr u64 steps_a_question = 2 * most_references * search_steps;
    /// Of one question: with it, through many of the pieces that an extent of 128 MiB can be cut into.
    static constexpr u64 most_steps = 4'000'000;
    static constexpr u64 most_saved = 500'000'000;

    u64 saved_ = most_saved;
    u64 given_ = 0;
    u64 left_ = 0;
};

} // namespace btrkit::send::clone

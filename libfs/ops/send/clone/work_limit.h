// SPDX-License-Identifier: MIT
// How much work the search for clone sources may cause.
#pragma once

#include "libfs/base/work_budget.h"

#include <algorithm>

namespace btrkit::send::clone {

/// More references, to an extent or to a tree block, are not followed: the kernel's limit, by the count in the item.
inline constexpr u64 most_references = 1024;

/// A step is about an item looked at, some 20 ns; this, a look-up in a tree.
inline constexpr u64 search_steps = 50;

/// Budgets for one question after the other. Each may take long, but not most of very many.
class WorkLimit {
public:
    /// The next question: what may be spent on it is in budget() then.
    void begin() {
        saved_ = std::min(saved_ - (given_ - budget_.left()) + steps_a_question, most_saved);
        given_ = std::min(saved_, most_steps);
        budget_ = WorkBudget(given_);
    }
    WorkBudget& budget() { return budget_; }

private:
    /// On the average of many, enough to search all the references that are followed.
    static constexpr u64 steps_a_question = 2 * most_references * search_steps;
    /// Of one question: with it, through many of the pieces that an extent of 128 MiB can be cut into.
    static constexpr u64 most_steps = 4'000'000;
    static constexpr u64 most_saved = 500'000'000;

    u64 saved_ = most_saved;
    u64 given_ = 0;
    WorkBudget budget_{0};
};

} // namespace btrkit::send::clone

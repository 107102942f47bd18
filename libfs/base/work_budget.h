// SPDX-License-Identifier: MIT
// An end to the work that questions may cause, whatever the image holds.
#pragma once

#include "libfs/base/address.h"

namespace btrkit {

/// So many steps and no more. Counted and not timed, so that the same image gives the same result. What a step is, the
/// owner says.
class WorkBudget {
public:
    explicit WorkBudget(u64 steps) : left_(steps) {}

    /// Whether there was enough left; if not, nothing is left now.
    bool spend(u64 steps) {
        const bool is_enough = steps <= left_;
        left_ -= is_enough ? steps : left_;
        return is_enough;
    }
    u64 left() const { return left_; }
    bool is_over() const { return left_ == 0; }

private:
    u64 left_;
};

} // namespace btrkit

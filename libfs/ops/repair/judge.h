// SPDX-License-Identifier: MIT
// Whether a repair is one (internal to this room).
#pragma once

#include "libfs/ops/repair/repair.h"

namespace btrkit::repair {

/// Compares what a check finds before and after.
class Judge {
public:
    Judge(const survey::Findings& before, std::vector<Fix>& plan, const Options& options)
        : before_(&before), plan_(&plan), options_(&options) {}

    /// Whether the proposal may be committed: no kind has grown, and those that were aimed at are gone. Otherwise it
    /// fails with refused, and what is at fault is out of the plan, if that can be told, or is to be tried by what else
    /// may be done about it.
    Result<void> operator()(const survey::Findings& after);

    u64 left_count = 0;               ///< of errors
    bool needs_another_round = false; ///< something is out of the plan
    bool has_refused = false;

private:
    bool delete_those_that_go(ProblemCode code, const survey::Findings& after);
    void give_up_those_left(ProblemCode code, const survey::Findings& after);

    const survey::Findings* before_;
    std::vector<Fix>* plan_;
    const Options* options_;
    std::set<u64> deleted_; ///< subvolumes whose deletion was not in the plan before
};

} // namespace btrkit::repair

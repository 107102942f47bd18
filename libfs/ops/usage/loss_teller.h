// SPDX-License-Identifier: MIT
// Tree blocks that can't be read, each told once.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/tree/promise.h"
#include "libfs/tree/tree_block.h"

#include <unordered_set>

namespace btrkit::usage {

class LossTeller {
public:
    explicit LossTeller(const RunContext& run) : run_(run) {}

    void tell(const Promise& lost) {
        if (told_.insert(lost.address.bytenr).second) {
            run_.tell(lost_range(lost));
        }
    }
    u64 count() const { return told_.size(); }

private:
    const RunContext& run_;
    std::unordered_set<u64> told_; ///< by address
};

} // namespace btrkit::usage

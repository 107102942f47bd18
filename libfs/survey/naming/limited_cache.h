// SPDX-License-Identifier: MIT
// Tree blocks that are looked at again and again, and a limit to all that looking.
#pragma once

#include "libfs/base/work_budget.h"
#include "libfs/tree/tree_path.h"

#include <unordered_map>

namespace btrkit::survey {

/// How much may be done, some 10 seconds each.
struct LookLimits {
    u64 reads = 250'000;
    u64 looks = 30'000'000;
};

/// A BlockCache for who asks without end.
class LimitedCache {
public:
    /// Keeps about memory_bytes of blocks, those used last.
    LimitedCache(const BlockReader& reader, u64 memory_bytes, LookLimits limits = {})
        : cache_(reader, memory_bytes), reads_(limits.reads), looks_(limits.looks) {}

    /// A proven block; null where it can't be read, or when so much was looked at that it must end.
    BlockCache::Block get(const Promise& promise);
    bool is_exhausted() const { return reads_.is_over() || looks_.is_over(); }

private:
    BlockCache cache_;
    WorkBudget reads_;
    WorkBudget looks_;
    std::unordered_map<u64, Promise> lost_; ///< by address, what was asked last: it is not read once more for that
};

/// What a node promises of its child that has the key, if any has. Not in whose tree: many share a block, and what
/// can't be read is not to be tried anew for each of them.
Promise child_on_way(const TreeBlock& node, const btrfs::Key& key, const Promise& promise_of_node);

} // namespace btrkit::survey

// SPDX-License-Identifier: MIT
// Which trees reach a leaf, from the leaf upwards.
#pragma once

#include "libfs/ops/send/clone/named_trees.h"
#include "libfs/ops/send/clone/references.h"

#include <unordered_set>

namespace btrkit::send::clone {

/// Values in the order in which they came first.
class UniqueList {
public:
    void clear() {
        values_.clear();
        known_.clear();
    }
    void add(u64 value) {
        if (known_.insert(value).second) {
            values_.push_back(value);
        }
    }
    const std::vector<u64>& values() const { return values_; }

private:
    std::vector<u64> values_;
    std::unordered_set<u64> known_;
};

class LeafRoots {
public:
    LeafRoots(BlockCache& cache, const Promise& extent_tree, NamedTrees& trees)
        : cache_(&cache), extents_(cache, extent_tree), trees_(&trees) {}

    /// The trees' ids in the order in which the kernel comes upon them, each once: breadth first, the references of a
    /// block by tree, then by parent, both descending. A block with more than most_references leads nowhere, and what
    /// can't be read too. The list lives until the next call.
    std::span<const u64> of(u64 leaf, WorkBudget& work);

private:
    void go_up(u64 block, WorkBudget& work);
    void go_up_in(std::span<const u64> trees, u64 block, u8 level, WorkBudget& work);

    BlockCache* cache_;
    ExtentLookup extents_;
    NamedTrees* trees_;
    UniqueList blocks_; ///< above the leaf
    UniqueList roots_;
};

} // namespace btrkit::send::clone

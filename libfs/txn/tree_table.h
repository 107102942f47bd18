// SPDX-License-Identifier: MIT
// Where the trees of a transaction begin now, and what waits to be merged into each.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/tree/tree_buffer.h"

#include <cstdint>
#include <map>
#include <set>

namespace btrkit {

/// A tree that this transaction has come to.
struct OpenTree {
    TreeRoot root;
    TreeBuffer buffer;
    std::int64_t blocks_change = 0;   ///< since the root item was written last
    bool root_item_is_behind = false; ///< the tree has another root than the root item says
};

class TreeTable {
public:
    /// Both must outlive it.
    TreeTable(const Filesystem& committed, BlockCache& cache) : committed_(&committed), cache_(&cache) {}

    /// The tree of that id. References stay valid. Fails with not_found where there is none, and with damaged.
    Result<OpenTree*> find(u64 id);
    /// A tree that is new.
    OpenTree& add(const TreeRoot& root);
    /// The tree is no more: it is not found again, whatever the committed filesystem has.
    void remove(u64 id) {
        trees_.erase(id);
        removed_.insert(id);
    }

    std::map<u64, OpenTree>& open_trees() { return trees_; }
    const std::map<u64, OpenTree>& open_trees() const { return trees_; }

private:
    const Filesystem* committed_;
    BlockCache* cache_;
    std::map<u64, OpenTree> trees_;
    std::set<u64> removed_;
};

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/txn/tree_table.h"

namespace btrkit {

Result<OpenTree*> TreeTable::find(u64 id) {
    if (const auto found = trees_.find(id); found != trees_.end()) {
        return &found->second;
    }
    BTRKIT_TRY_ASSIGN(const auto root, committed_->find_tree(id));
    return &add(root);
}

OpenTree& TreeTable::add(const TreeRoot& root) {
    return trees_.emplace(root.id, OpenTree{.root = root, .buffer = TreeBuffer(*cache_, root.block)}).first->second;
}

} // namespace btrkit

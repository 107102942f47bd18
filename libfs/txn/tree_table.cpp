// SPDX-License-Identifier: MIT
#include "libfs/txn/tree_table.h"

#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit {

Result<OpenTree*> TreeTable::find(u64 id) {
    if (const auto found = trees_.find(id); found != trees_.end()) {
        return &found->second;
    }
    if (removed_.contains(id)) {
        return fail(ErrorKind::not_found, fmt::format("tree {} was taken out", objectid_text(id)));
    }
    BTRKIT_TRY_ASSIGN(const auto root, committed_->find_tree(id));
    return &add(root);
}

OpenTree& TreeTable::add(const TreeRoot& root) {
    removed_.erase(root.id);
    return trees_.emplace(root.id, OpenTree{.root = root, .buffer = TreeBuffer(*cache_, root.block)}).first->second;
}

} // namespace btrkit

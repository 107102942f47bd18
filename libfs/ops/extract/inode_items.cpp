// SPDX-License-Identifier: MIT
#include "libfs/ops/extract/inode_items.h"

namespace btrkit::extract {

bool InodeItems::go_past(const btrfs::Key& from) {
    past_.emplace(cache_->reader(), root_);
    return past_->seek(from);
}

bool InodeItems::seek(const btrfs::Key& key) {
    past_.reset();
    const auto there = search_.seek(key);
    return there ? *there : go_past(key);
}

bool InodeItems::next() {
    if (past_) {
        return past_->next();
    }
    const auto on = search_.key();
    const auto there = search_.next();
    if (there) {
        return *there;
    }
    go_past(on);
    return past_->valid() && (past_->key() > on || past_->next());
}

} // namespace btrkit::extract

// SPDX-License-Identifier: MIT
// The items of a subvolume in key order, through a cache, and past what is lost.
#pragma once

#include "libfs/tree/cursor.h"
#include "libfs/tree/tree_search.h"

namespace btrkit::extract {

/// A TreeSearch that goes on behind lost blocks, as a Cursor does. For one thread.
class InodeItems {
public:
    InodeItems(BlockCache& cache, const Promise& root) : cache_(&cache), root_(root), search_(cache, root) {}

    /// To the first item from key on; forgets what was missed before.
    bool seek(const btrfs::Key& key);
    bool next();

    bool valid() const { return past_ ? past_->valid() : search_.valid(); }
    btrfs::Key key() const { return past_ ? past_->key() : search_.key(); }
    Bytes data() const { return past_ ? past_->data() : search_.data(); }

    /// Grows where there may have been items, since the last seek(), in blocks that are lost.
    std::size_t missed_count() const { return past_ && past_->missed_items() ? past_->damage().size() : 0; }

private:
    bool go_past(const btrfs::Key& from);

    BlockCache* cache_;
    Promise root_;
    TreeSearch search_;
    std::optional<Cursor> past_; ///< from the first lost block on
};

} // namespace btrkit::extract

// SPDX-License-Identifier: MIT
// The way from a root down: what a look-up and a comparison of trees remember of where they are.
#pragma once

#include "libfs/tree/block_cache.h"

#include <vector>

namespace btrkit {

/// The first slot whose key is not below key; count() if there is none.
u32 first_slot_at_or_above(const TreeBlock& block, const btrfs::Key& key);
/// The first slot whose key is above key; count() if there is none.
u32 first_slot_above(const TreeBlock& block, const btrfs::Key& key);
/// The slot of a node's child that has the key, if any child has.
u32 child_slot(const TreeBlock& node, const btrfs::Key& key);

/// Blocks from the root down, all of them proven, each as the one above promises: levels fall by one, and keys stay
/// between those of the pointer that was followed and the next one. So it is never longer than a tree is high, and who
/// only ever goes to higher slots comes to each key once.
class TreePath {
public:
    /// A block, and the item or pointer of it that the path stands on or goes through.
    struct Step {
        BlockCache::Block owned;
        std::optional<btrfs::Key> end; ///< all keys in it are smaller
        u32 slot = 0;
        u32 prefetched = 0; ///< the slots below it need no prefetch any more

        const TreeBlock& block() const { return owned->block(); }
        u8 level() const { return block().header().level; }
        u32 count() const { return block().count(); }
        btrfs::Key key() const { return block().key(slot); }
        /// Whether the key, if it is anywhere, is in this block or below it.
        bool covers(const btrfs::Key& key) const {
            return count() > 0 && block().key(0) <= key && (!end || key < *end);
        }
    };

    /// Empty at first. The cache must outlive it.
    TreePath(BlockCache& cache, const Promise& root) : cache_(&cache), root_(root) {
        steps_.reserve(btrfs::max_level_count);
    }

    const Promise& root() const { return root_; }
    bool empty() const { return steps_.empty(); }
    /// From the root down.
    std::span<const Step> steps() const { return steps_; }
    /// Needs a path that is not empty.
    Step& bottom() { return steps_.back(); }
    const Step& bottom() const { return steps_.back(); }

    /// Goes down into the root (from the empty path) or into the block that the bottom's slot points to (needs a node),
    /// and stands on its first slot. On failure, with damaged, the path stays as it was.
    Result<void> enter();
    /// Goes up to the block above.
    void leave() { steps_.pop_back(); }
    /// Goes up until that many steps are left.
    void leave_down_to(std::size_t depth) { steps_.resize(depth); }

    /// Tells the devices that the children in these slots of the bottom, a node, will be wanted.
    void prefetch(std::span<const u32> slots) const;

private:
    Promise below() const;

    BlockCache* cache_;
    Promise root_;
    std::vector<Step> steps_;
};

} // namespace btrkit

// SPDX-License-Identifier: MIT
#include "libfs/ops/send/salvage/tree_gaps.h"

#include "libfs/tree/tree_path.h"

#include <numeric>

namespace btrkit::send {

namespace {

class GapWalk {
public:
    GapWalk(BlockCache& cache, const Promise& root, const std::function<void(const TreeBlock&)>& leaf,
            const std::function<void(const KeyRange&)>& gap)
        : path_(cache, root), leaf_(leaf), gap_(gap) {}

    /// What the path's bottom points to. As deep as a tree is high.
    void walk_below() {
        if (!path_.enter()) {
            gap_(keys_below());
            return;
        }
        if (path_.bottom().level() == 0) {
            leaf_(path_.bottom().block());
        } else {
            prefetch_leaves();
            for (u32 slot = 0; slot < path_.bottom().count(); ++slot) {
                path_.bottom().slot = slot;
                walk_below();
            }
        }
        path_.leave();
    }

private:
    KeyRange keys_below() const {
        if (path_.empty()) {
            return {};
        }
        const auto& node = path_.bottom();
        const bool is_last = node.slot + 1 >= node.count();
        return {.first = node.key(), .end = is_last ? node.end : std::optional(node.block().key(node.slot + 1))};
    }

    void prefetch_leaves() const {
        if (path_.bottom().level() == 1) {
            std::vector<u32> slots(path_.bottom().count());
            std::iota(slots.begin(), slots.end(), u32{0});
            path_.prefetch(slots);
        }
    }

    TreePath path_;
    const std::function<void(const TreeBlock&)>& leaf_;
    const std::function<void(const KeyRange&)>& gap_;
};

} // namespace

void walk_past_gaps(BlockCache& cache, const Promise& root, const std::function<void(const TreeBlock&)>& leaf,
                    const std::function<void(const KeyRange&)>& gap) {
    GapWalk(cache, root, leaf, gap).walk_below();
}

} // namespace btrkit::send

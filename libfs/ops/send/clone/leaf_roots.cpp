// SPDX-License-Identifier: MIT
#include "libfs/ops/send/clone/leaf_roots.h"

namespace btrkit::send::clone {

std::span<const u64> LeafRoots::of(u64 leaf, WorkBudget& work) {
    blocks_.clear();
    roots_.clear();
    go_up(leaf, work);
    for (std::size_t at = 0; at < blocks_.values().size() && !work.is_over(); ++at) {
        go_up(blocks_.values()[at], work);
    }
    return roots_.values();
}

void LeafRoots::go_up(u64 block, WorkBudget& work) {
    const auto extent = extents_.find(block);
    if (!work.spend(search_steps) || !extent || extent->is_data() || extent->refs > most_references ||
        extent->level >= btrfs::max_level_count) {
        return;
    }
    const auto references = extents_.references(work);
    if (!references) {
        return;
    }
    go_up_in(references->trees, block, extent->level, work);
    for (const u64 parent : references->parents) {
        blocks_.add(parent);
    }
}

/// By the ways that lead to the block's first key, in trees that it is said to be of.
void LeafRoots::go_up_in(std::span<const u64> trees, u64 block, u8 level, WorkBudget& work) {
    if (trees.empty()) {
        return;
    }
    const auto read = cache_->get({.address = {block}, .level = level});
    if (!read || (*read)->block().count() == 0) {
        return;
    }
    const btrfs::Key key = (*read)->block().key(0);
    for (const u64 tree : trees) {
        const NamedTree* named = trees_->get(tree);
        if (named == nullptr || !work.spend(search_steps)) {
            continue;
        }
        if (named->root.level == level) {
            roots_.add(tree);
        } else if (const auto parent = block_on_way(*cache_, named->root, key, static_cast<u8>(level + 1))) {
            blocks_.add(*parent);
        }
    }
}

} // namespace btrkit::send::clone

// SPDX-License-Identifier: MIT
#include "libfs/ops/send/clone/named_trees.h"

#include "libfs/survey/naming/node_cache.h"

namespace btrkit::send::clone {

NamedTree* NamedTrees::get(u64 id) {
    auto place = trees_.find(id);
    if (place == trees_.end()) {
        if (trees_.size() >= most) {
            trees_.clear();
        }
        place = trees_.emplace(id, std::nullopt).first;
        if (const auto found = filesystem_->find_tree(id)) {
            place->second = NamedTree{.root = found->block, .items = TreeSearch(*cache_, found->block)};
        }
    }
    return place->second ? &*place->second : nullptr;
}

std::optional<u64> block_on_way(BlockCache& cache, const BlockRef& root, const btrfs::Key& key, u8 level) {
    BlockRef at = root;
    if (!at.promise.level || *at.promise.level < level) {
        return std::nullopt;
    }
    while (*at.promise.level > level) {
        const auto block = cache.get(at.promise);
        if (!block || (*block)->block().count() == 0 || (*block)->block().header().level != *at.promise.level) {
            return std::nullopt;
        }
        const BlockView& node = (*block)->block();
        at = survey::child_ref(node, survey::child_slot(node, key));
    }
    return at.promise.address.bytenr;
}

} // namespace btrkit::send::clone
